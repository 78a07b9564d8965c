/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_scalar - what a single value may look like; shared by yaml.c and yaml_describe.c only. */
#ifndef STOA_BASE_YAML_SCALAR_H
#define STOA_BASE_YAML_SCALAR_H
#include "base/yaml.h"

#define YAML_OPTS_MAX 64u /* options in one schema */

/* Bool, int, real, enum, duration, size, date and compare: fills *to, or answers false. */
ST_MUST bool yaml_scalar_parse(const struct st_yaml_opt *opt, const char *text, void *to);
/* "a whole number from 1 to 64": what the option expects, bounds and names included. */
void yaml_expected(const struct st_yaml_opt *opt, char *out, size_t size);
/* What to do about a value that was refused: "; write true", "; did you mean \"observe\"?", or "". */
void yaml_hint(const struct st_yaml_opt *opt, const char *text, char *out, size_t size);
/* How many names a NULL-terminated list holds; NULL holds none. */
size_t yaml_count(const char *const *names);
/* True for the types that yaml_scalar_parse knows. */
bool yaml_is_plain(enum st_yaml_type type);
#endif
