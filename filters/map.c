/* SPDX-License-Identifier: Apache-2.0 */
/* map - see map.h.
 *
 * Scan finds a card number at 17..36 of a text; redaction must know which bytes of the body that is, although the text
 * went through a JSON string inside a form value. Each layer answers for itself by a binary search over its points.
 */
#include "filters/map.h"

void flt_build_init(struct flt_build *build, struct st_arena *arena, size_t limit)
{
    build->arena = arena;
    build->run = NULL;
    st_buf_init(&build->pts, limit);
    flt_build_reset(build);
}

void flt_build_fini(struct flt_build *build)
{
    st_buf_fini(&build->pts);
}

void flt_build_reset(struct flt_build *build)
{
    st_buf_reset(&build->pts);
    build->text = build->raw = 0;
    build->is_open = build->has_units = false;
}

static void point(struct flt_build *build)
{
    struct flt_map_pt pt = { build->text, build->raw };

    st_buf_put(&build->pts, &pt, sizeof pt);
}

void flt_build_unit(struct flt_build *build, size_t text_n, size_t raw_n)
{
    if (text_n == raw_n) { /* such a unit maps right byte for byte at both its ends */
        flt_build_copy(build, text_n);
        return;
    }
    point(build);
    build->text += (uint32_t)text_n;
    build->raw += (uint32_t)raw_n;
    build->is_open = false;
    build->has_units = true;
}

void flt_build_copy(struct flt_build *build, size_t n)
{
    if (n == 0)
        return;
    if (!build->is_open)
        point(build);
    build->is_open = true;
    build->text += (uint32_t)n;
    build->raw += (uint32_t)n;
}

enum st_rc flt_build_done(struct flt_build *build, const struct flt_map *up, uint32_t base, enum flt_layer layer,
                          const struct flt_map **out, struct st_err *err)
{
    struct st_arena *arena = build->arena;
    struct flt_map *map;

    if (flt_map_cut(arena, up, base, layer, out, err) != ST_OK)
        return ST_ERR;
    if (!build->has_units)
        return ST_OK;
    point(build); /* the end */
    if (st_buf_done(&build->pts, err, "filters.map") != ST_OK)
        return ST_ERR;
    if ((map = st_arena_alloc(arena, sizeof *map)) == NULL)
        return st_arena_fail(arena, err, "filters.map");
    *map = **out;
    map->run = build->run;
    map->n = build->pts.n / sizeof(struct flt_map_pt);
    if ((map->pts = st_arena_dup(arena, build->pts.p, build->pts.n)) == NULL)
        return st_arena_fail(arena, err, "filters.map");
    *out = map;
    return ST_OK;
}

enum st_rc flt_map_cut(struct st_arena *arena, const struct flt_map *up, uint32_t base, enum flt_layer layer,
                       const struct flt_map **out, struct st_err *err)
{
    struct flt_map *map = st_arena_alloc(arena, sizeof *map);

    if (map == NULL)
        return st_arena_fail(arena, err, "filters.map");
    map->up = up;
    map->base = base;
    map->layer = layer;
    *out = map;
    return ST_OK;
}

enum st_rc flt_map_over(struct st_arena *arena, const struct flt_map *map, const struct flt_map *below,
                        const struct flt_map **out, struct st_err *err)
{
    const struct flt_map **link = out;

    for (; map != NULL && below != NULL; map = map->up) {
        struct flt_map *copy = st_arena_dup(arena, map, sizeof *map);

        if (copy == NULL)
            return st_arena_fail(arena, err, "filters.map");
        *link = copy;
        link = &copy->up;
    }
    *link = below != NULL ? below : map;
    return ST_OK;
}

/* The last segment that begins at or before the text offset; of several that begin there, the one with text in it. */
static const struct flt_map_pt *segment(const struct flt_map *map, uint32_t offset)
{
    size_t low = 0, high = map->n - 1; /* the last point only ends the text */

    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;

        if (map->pts[mid].text <= offset)
            low = mid;
        else
            high = mid;
    }
    return &map->pts[low];
}

static bool is_unit(const struct flt_map_pt *pt)
{
    return pt[1].text - pt[0].text != pt[1].raw - pt[0].raw;
}

static uint32_t raw_start(const struct flt_map *map, uint32_t offset)
{
    const struct flt_map_pt *pt = segment(map, offset);

    if (offset >= map->pts[map->n - 1].text)
        return map->pts[map->n - 1].raw;
    return is_unit(pt) ? pt->raw : pt->raw + (offset - pt->text);
}

static uint32_t raw_end(const struct flt_map *map, uint32_t offset)
{
    const struct flt_map_pt *pt;

    if (offset == 0)
        return map->pts[0].raw;
    pt = segment(map, offset - 1);
    return is_unit(pt) ? pt[1].raw : pt->raw + (offset - pt->text);
}

/* One layer up. */
static void map_up(const struct flt_map *map, uint32_t *from, uint32_t *to)
{
    if (map->pts != NULL) {
        bool is_empty = *from == *to;

        *from = raw_start(map, *from);
        *to = is_empty ? *from : raw_end(map, *to);
    }
    *from += map->base;
    *to += map->base;
}

const struct flt_map *flt_map_run(const struct flt_map *map)
{
    while (map != NULL && map->run == NULL)
        map = map->up;
    return map;
}

void flt_map_range(const struct flt_map *map, const struct flt_map *stop, uint32_t *from, uint32_t *to)
{
    for (; map != stop && map != NULL; map = map->up)
        map_up(map, from, to);
}
