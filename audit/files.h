/* SPDX-License-Identifier: Apache-2.0 */
/* files - the few things the log does with plain files: folders, keys, locks, and writing a file whole or not at all.
 */
#ifndef STOA_AUDIT_FILES_H
#define STOA_AUDIT_FILES_H
#include "base/buf.h"
#include "base/diag.h"
#include <stdbool.h>
#include <sys/types.h>

#define FIL_PATH 1024

/* "dir/name" into out (FIL_PATH bytes); ST_E_LIMIT when it does not fit. */
ST_MUST enum st_rc fil_join(char *out, const char *dir, const char *name, struct st_err *err);
/* Makes the folder and those above it where they are absent, and syncs the parent. */
ST_MUST enum st_rc fil_mkdir(const char *path, struct st_err *err);
ST_MUST enum st_rc fil_sync_dir(const char *path, struct st_err *err);
bool fil_exists(const char *path);
/* Appends at most the buffer's ceiling; a longer file is ST_E_LIMIT, an absent one ST_E_IO with ENOENT. */
ST_MUST enum st_rc fil_read(const char *path, struct st_buf *out, struct st_err *err);
/* Temporary file, sync, rename, sync of the folder: after ST_OK the file is there, whole, also after a power loss. */
ST_MUST enum st_rc fil_write(const char *dir, const char *name, struct st_span bytes, mode_t mode, struct st_err *err);
/* Takes the one writer's lock; ends with the process or with close(*fd). ST_E_UNAVAILABLE when another has it. */
ST_MUST enum st_rc fil_lock(const char *path, int *fd, struct st_err *err);
/* A secret of 32 bytes in dir/name, mode 0600. Made when absent and may_make; a file that others can read is refused.
 */
ST_MUST enum st_rc fil_key(const char *dir, const char *name, bool may_make, uint8_t out[32], struct st_diag *diag,
                           struct st_err *err);
/* Calls fn for each name in the folder, in strcmp order, until it answers other than ST_OK; its answer is returned. */
typedef enum st_rc fil_each_f(void *ctx, const char *name, struct st_err *err);
ST_MUST enum st_rc fil_each(const char *dir, fil_each_f *fn, void *ctx, struct st_err *err);
#endif
