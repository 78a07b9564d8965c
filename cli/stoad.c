/* SPDX-License-Identifier: Apache-2.0 */
/* stoad - the daemon's main: options, and which process of the family this is.
 *
 * `stoad --config FILE` is the supervisor; it starts this same file again with `--role NAME --number N`, which is not
 * meant to be typed. Exit codes: 0 fine, 1 a process failed, 2 usage, 3 the configuration is wrong.
 */
#include "base/diag.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/family.h"
#include "gateway/tls_ca.h"

#define DEFAULT_CONFIG "/etc/stoa/stoa.yaml"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CONFIG = 3 };

struct options {
    const char *config, *role;
    uint64_t number;
    bool is_check;
};

static void usage(FILE *to)
{
    fputs("usage: stoad [--config FILE] [--check]\n"
          "  -c, --config FILE   stoa.yaml (default " DEFAULT_CONFIG ")\n"
          "      --check         load everything, say what is wrong, start nothing\n"
          "  -h, --help          this text\n"
          "  -V, --version       the version\n"
          "SIGHUP reloads the configuration; SIGTERM lets running exchanges finish and ends; a second one ends at "
          "once.\n",
          to);
}

/* What stoad would find wrong before it starts anything but listening itself. */
static int check(const char *config)
{
    struct generation *gen = NULL;
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    enum st_rc rc = generation_load(config, 0, &gen, diag, &err);

    if (rc == ST_OK)
        rc = tls_ca_check(gen->config->ca.certificate.s, gen->config->ca.key.s, diag, &err);
    st_diag_print(diag, stderr);
    if (rc != ST_OK && st_diag_count(diag) == 0)
        fprintf(stderr, "%s: %s (%s)\n", config, err.what, err.where);
    generation_release(gen);
    st_diag_free(diag);
    return rc == ST_OK ? EXIT_FINE : EXIT_CONFIG;
}

static int run_role(const char *role, unsigned number)
{
    static const struct {
        enum fam_role role;
        int (*fn)(unsigned number);
    } roles[] = { { FAM_WORKER, fam_worker_main },
                  { FAM_KEYHOLDER, fam_keyholder_main },
                  { FAM_RECORDER, fam_recorder_main },
                  { FAM_CURATOR, fam_curator_main },
                  { FAM_EXTRACTOR, fam_extractor_main } };

    for (size_t i = 0; i < ST_LEN(roles); i++)
        if (strcmp(role, fam_role_name(roles[i].role)) == 0)
            return fcntl(FAM_CHANNEL, F_GETFD) >= 0 ? roles[i].fn(number) : EXIT_USAGE;
    fprintf(stderr, "stoad: --role is for stoad itself\n");
    return EXIT_USAGE;
}

/* A descriptor 0, 1 or 2 that is closed would be given to a socket, and a log line would go there. */
static bool have_standard_fds(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd < 0 ? errno != EMFILE : close(fd) == 0;
}

/* EXIT_FINE: go on. -1: all was said. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct option known[] = { { "config", required_argument, NULL, 'c' },
                                           { "check", no_argument, NULL, 'k' },
                                           { "role", required_argument, NULL, 'r' },
                                           { "number", required_argument, NULL, 'n' },
                                           { "help", no_argument, NULL, 'h' },
                                           { "version", no_argument, NULL, 'V' },
                                           { NULL, 0, NULL, 0 } };
    int c;

    while ((c = getopt_long(argc, argv, "c:hV", known, NULL)) != -1)
        switch (c) {
        case 'c': o->config = optarg; break;
        case 'k': o->is_check = true; break;
        case 'r': o->role = optarg; break;
        case 'n':
            if (!st_span_u64(st_span_str(optarg), &o->number) || o->number > 65535)
                return EXIT_USAGE;
            break;
        case 'h': usage(stdout); return -1;
        case 'V': puts("stoad " STOA_VERSION); return -1;
        default: usage(stderr); return EXIT_USAGE;
        }
    if (optind == argc)
        return EXIT_FINE;
    fprintf(stderr, "stoad: unexpected argument; the file is named with --config\n");
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct options o = { .config = DEFAULT_CONFIG };
    int code = parse(argc, argv, &o);

    if (code != EXIT_FINE)
        return code < 0 ? EXIT_FINE : code;
    if (o.role != NULL)
        return run_role(o.role, (unsigned)o.number);
    if (!have_standard_fds())
        return EXIT_FAILED;
    return o.is_check ? check(o.config) : fam_supervisor_main(o.config);
}
