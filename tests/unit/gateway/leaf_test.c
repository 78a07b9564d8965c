/* SPDX-License-Identifier: Apache-2.0 */
/* leaf - O6: a million names leave no more behind than the limit, and one client cannot have them minted for ever. */
#include "t.h"

#include "house.h"
#include <stdio.h>
#include <string.h>

/* Parsing a million certificates is no part of what is tested: each name gets the same one. */
static struct tls_leaf *fake;
static size_t alive;

struct tls_leaf {
    unsigned refs;
};

static struct tls_leaf *fake_retain(struct tls_leaf *leaf)
{
    leaf->refs++;
    alive++;
    return leaf;
}

static void fake_release(struct tls_leaf *leaf)
{
    if (leaf != NULL) {
        leaf->refs--;
        alive--;
    }
}

static enum st_rc fake_read(struct tls_context *context, struct st_span der, struct st_span issuer,
                            struct tls_leaf **out, struct st_err *err)
{
    (void)context;
    (void)der;
    (void)issuer;
    (void)err;
    *out = fake_retain(fake);
    return ST_OK;
}

#define tls_leaf_read           fake_read
#define tls_leaf_retain         fake_retain
#define tls_leaf_release        fake_release
#define tls_leaf_is_fresh(leaf) ((leaf) != NULL)
#include "gateway/leaf.c"

#define MILLION 1000000u
#define KEPT    4096u

struct rig {
    struct fam_child *child;
    struct link_loop loop;
    struct leaf_cache *cache;
    size_t done, refused;
};

static void on_done(void *ctx)
{
    ((struct rig *)ctx)->done++;
}

static void rig_init(struct rig *r, int64_t per_minute)
{
    memset(r, 0, sizeof *r);
    r->child = house_child();
    r->loop = (struct link_loop){ .base = fam_base(r->child), .timers = fam_timers(r->child) };
    r->loop.later = later_new(r->loop.base);
    r->cache = leaf_cache_new(r->child, &r->loop, NULL, &(struct leaf_limits){ KEPT, per_minute });
    fake = calloc(1, sizeof *fake);
    alive = 0;
}

static void rig_fini(struct rig *r)
{
    leaf_cache_free(r->cache);
    later_free(r->loop.later);
    fam_child_free(r->child);
    T_CHECK(alive == 0, "%zu leaves are left", alive);
    free(fake);
}

/* Asks, and answers as the keyholder would. */
static bool ask_for(struct rig *r, const struct address *client, unsigned number)
{
    struct leaf_wait wait = { .on_done = on_done, .ctx = r, .client = client };
    struct ipc_msg msg = { .type = FAM_MSG_LEAF };
    struct st_buf body;
    bool got;

    (void)snprintf(wait.name, sizeof wait.name, "n%u.test", number);
    leaf_get(r->cache, &wait);
    if (r->cache->pending != NULL) {
        st_buf_init(&body, 64);
        st_pack_u8(&body, 1);
        st_pack_str(&body, "leaf");
        st_pack_str(&body, "");
        msg.id = r->cache->pending->id;
        msg.body = st_buf_view(&body);
        on_message(r->cache, &msg);
        st_buf_fini(&body);
    }
    got = wait.leaf != NULL;
    leaf_cancel(&wait);
    return got;
}

T_TEST(a_million_names_are_bounded)
{
    struct address client = { .port = 1 };
    struct rig r;

    rig_init(&r, 1000000);
    for (unsigned i = 0; i < MILLION; i++)
        T_CHECK(ask_for(&r, &client, i) || i >= 1000000, "name %u", i);
    T_CHECK(leaf_count(r.cache) == KEPT && alive == KEPT, "%zu kept, %zu alive", leaf_count(r.cache), alive);
    T_CHECK(r.cache->pending == NULL && r.cache->n_pending == 0, "some are pending");
    rig_fini(&r);
}

T_TEST(a_client_has_its_share_of_minting)
{
    struct address one = { .bytes = { 1 }, .port = 1 }, two = { .bytes = { 2 }, .port = 1 };
    size_t got = 0;
    struct rig r;

    rig_init(&r, 60);
    for (unsigned i = 0; i < 100; i++)
        got += ask_for(&r, &one, i);
    T_CHECK(got == 60 && leaf_refused(r.cache) == 40, "%zu minted", got);
    T_CHECK(ask_for(&r, &one, 3), "what is there costs nothing");
    T_CHECK(ask_for(&r, &two, 1000), "another client has its own");
    st_clock_turn(1000);
    T_CHECK(ask_for(&r, &one, 2000) && !ask_for(&r, &one, 2001), "one a second comes back");
    st_clock_turn(3600000);
    for (unsigned i = 0; i < 100; i++)
        got += ask_for(&r, &one, 3000 + i);
    T_CHECK(got == 120, "%zu: never more than a minute's worth", got);
    rig_fini(&r);
}
