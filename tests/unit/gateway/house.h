/* SPDX-License-Identifier: Apache-2.0 */
/* house - what the data path's tests share: a CA, a generation with the shipped packs and adapters and the scenarios'
 * policy, and a child without a channel whose loop they turn.
 */
#ifndef STOA_TESTS_UNIT_GATEWAY_HOUSE_H
#define STOA_TESTS_UNIT_GATEWAY_HOUSE_H
#include "base/clock.h"
#include "gateway/generation.h"
#include "gateway/process.h"
#include "gateway/tls.h"
#include "gateway/tls_ca.h"
#include "t.h"
#include <event2/event.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *house_path(char out[1024], const char *name)
{
    (void)snprintf(out, 1024, "%s/%s", t_tmpdir(), name);
    return out;
}

static inline void house_file(const char *name, const char *text)
{
    char path[1024];
    FILE *file = fopen(house_path(path, name), "w");

    T_CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0, "cannot write %s", name);
}

/* The CA's two files; made once a test program. */
static inline void house_ca(const char *cert, const char *key)
{
    char cert_path[1024], key_path[1024];
    struct st_err err = ST_ERR_INIT;

    house_path(cert_path, cert);
    house_path(key_path, key);
    if (access(cert_path, F_OK) != 0)
        T_OK(tls_ca_create("Test CA", cert_path, key_path, &err), err);
}

static inline struct tls_context *house_tls(const struct pol_config *config)
{
    struct tls_context *context = NULL;
    struct tls_trust *trust = NULL;
    struct st_err err = ST_ERR_INIT;

    T_OK(tls_context_new(&context, &err), err);
    T_OK(tls_trust_new(config, &trust, &err), err);
    tls_context_trust(context, trust);
    return context;
}

/* Writes stoa.yaml, what it names, and says where it is; `more` is appended to it. */
static inline const char *house_files(char path[1024], const char *policy, const char *more)
{
    char text[8192], cwd[1024];

    T_CHECK(getcwd(cwd, sizeof cwd) != NULL, "cwd");
    house_ca("ca.crt", "ca.key");
    (void)mkdir(house_path(path, "policy.d"), 0700);
    (void)mkdir(house_path(path, "state"), 0700); /* the next generation finds there what this one compiled */
    (void)snprintf(text, sizeof text,
                   "version: 1\nlisten:\n  - address: \"127.0.0.1:3128\"\nstate_dir: state\nrun_dir: run\n"
                   "ca:\n  certificate: ca.crt\n  key: ca.key\nupstream:\n  trust: ca.crt\n"
                   "identity:\n  people:\n    127.0.0.1: ana\n"
                   "path:\n  policies: policy.d\n  packs: %s/filters/packs\n  plugins: [%s/lua-plugins]\n%s",
                   cwd, cwd, more);
    house_file("stoa.yaml", text);
    house_file("policy.d/10-test.policy.yaml", policy);
    return house_path(path, "stoa.yaml");
}

static inline struct generation *house_generation(const char *policy, const char *more)
{
    struct st_diag *diag = st_diag_new();
    struct st_err err = ST_ERR_INIT;
    struct generation *gen = NULL;
    char path[1024];

    if (generation_load(house_files(path, policy, more), 1, &gen, diag, &err) != ST_OK)
        st_diag_print(diag, stderr);
    T_CHECK(gen != NULL, "%s: %s", err.where, err.what);
    st_diag_free(diag);
    return gen;
}

static inline struct fam_child *house_child(void)
{
    static const struct fam_ops OPS = { .role = FAM_WORKER };
    struct fam_child *child = fam_child_new(&OPS, NULL, 0, -1);

    T_CHECK(child != NULL, "child");
    return child;
}

/* Turns the loop until the condition holds; where it never does, the test has failed after many turns. */
#define HOUSE_TURN_UNTIL(child, cond)                                                \
    do {                                                                             \
        for (unsigned house_left = 20000; !(cond) && house_left > 0; house_left--) { \
            struct timeval house_tv = { 0, 1000 };                                   \
            event_base_loopexit(fam_base(child), &house_tv);                         \
            event_base_loop(fam_base(child), EVLOOP_ONCE);                           \
            st_timers_fire(fam_timers(child));                                       \
        }                                                                            \
        T_CHECK(cond, "not in time");                                                \
    } while (0)

#define HOUSE_OPEN_TESTS                                                                                          \
    "version: 1\npolicy: open-tests\nowner: a@example.com\ndescription: x\napplies_to: { hosts: [\"*.test\"] }\n" \
    "inspect: { open: true }\nrules:\n  - { id: iban, when: { finding: [pii.iban] }, then: block }\n"             \
    "  - { id: cards, when: { finding: [\"pii.card.*\"] }, then: redact }\n"
#endif
