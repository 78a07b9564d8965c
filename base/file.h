/* SPDX-License-Identifier: Apache-2.0 */
/* file - whole files and folders: read bounded, written so that a crash leaves the old or the new one.
 *
 * For configuration, keys and state; never for what people browse. Errors carry errno and no path: the caller knows
 * which file it asked for and names it in its diagnostic.
 */
#ifndef STOA_BASE_FILE_H
#define STOA_BASE_FILE_H
#include "base/buf.h"
#include <sys/types.h>

/* Appends the whole file to out (which the caller has initialised). ST_E_LIMIT when it is longer than limit or does not
 * fit into out; nothing is appended then. */
ST_MUST enum st_rc st_file_read(const char *path, size_t limit, struct st_buf *out, struct st_err *err);
/* Writes beside path, syncs, renames over path, syncs the folder. mode is exact, whatever the umask. */
ST_MUST enum st_rc st_file_write_atomic(const char *path, struct st_span content, mode_t mode, struct st_err *err);

/* Called per entry; name is borrowed. Anything but ST_OK stops and becomes the answer of st_dir_list. */
typedef enum st_rc st_dir_f(void *ctx, const char *name, struct st_err *err);
/* Names in the folder that end in suffix ("" takes all), without hidden ones, in byte order; at most 10000. */
ST_MUST enum st_rc st_dir_list(const char *path, const char *suffix, st_dir_f *fn, void *ctx, struct st_err *err);
/* Makes the folder and those above it; one that exists is fine and keeps its mode. */
ST_MUST enum st_rc st_mkdir_p(const char *path, mode_t mode, struct st_err *err);
/* dir + "/" + name, or name alone when it is absolute or dir is empty. ST_E_LIMIT when it does not fit into out. */
ST_MUST enum st_rc st_path_join(char *out, size_t size, const char *dir, const char *name, struct st_err *err);
#endif
