/* SPDX-License-Identifier: Apache-2.0 */
/* replay - feeds every file of a corpus folder, and every prefix of the small ones, to a fuzz target. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX     (1u << 20)
#define PREFIXES_MAX 2048u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t replay_file(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");
    size_t n;

    if (file == NULL)
        return 0;
    n = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, n);
    for (size_t cut = 0; n <= PREFIXES_MAX && cut < n; cut++) {
        uint8_t *exact = malloc(cut + 1); /* so that a read past the end is seen */

        if (exact == NULL)
            abort();
        for (size_t i = 0; i < cut; i++)
            exact[i] = bytes[i];
        LLVMFuzzerTestOneInput(exact, cut);
        free(exact);
    }
    return 1;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    uint8_t *bytes = malloc(FILE_MAX);
    size_t replayed = 0;

    if (dir == NULL || bytes == NULL) {
        fprintf(stderr, "usage: replay CORPUS_FOLDER\n");
        return 2;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        replayed += replay_file(path, bytes);
    }
    closedir(dir);
    free(bytes);
    printf("%zu files replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
