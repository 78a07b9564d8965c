/* SPDX-License-Identifier: Apache-2.0 */
/* requests - what `stoa` asks the running gateway, and who answers.
 *
 * The supervisor answers what it knows, hands what is about people to the recorder (which records that someone looked),
 * and gathers the counters of all processes for a status, within a deadline, so that one stuck process is shown as such
 * instead of hiding the others.
 *
 * A process handles its messages in their order and answers a status between two events of its loop: so who has
 * answered one has done what it was told before. A reload, and a turn of the clock, are answered when all have.
 */
#include "base/log.h"
#include "gateway/supervisor.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MS  1000
#define STATUS_MAX (1u << 20)
#define CLOCK_MAX  (400 * (json_int_t)86400000)

static bool wait_in(uint64_t list[SUP_WAITING_MAX], uint64_t client)
{
    for (size_t i = 0; i < SUP_WAITING_MAX; i++)
        if (list[i] == 0) {
            list[i] = client;
            return true;
        }
    return false;
}

static bool leave(uint64_t list[SUP_WAITING_MAX], uint64_t client)
{
    for (size_t i = 0; i < SUP_WAITING_MAX; i++)
        if (list[i] == client) {
            list[i] = 0;
            return true;
        }
    return false;
}

/* ---- status
 * --------------------------------------------------------------------------------------------------------------- */

static void put_kin(struct st_json *w, const struct kin *kin)
{
    char name[64];

    snprintf(name, sizeof name, "%u", kin->number);
    st_json_object(w, kin->role == FAM_WORKER ? name : fam_role_name(kin->role));
    st_json_str(w, "state", kin_state_name(kin->state));
    st_json_int(w, "pid", kin->pid);
    st_json_int(w, "restarts", kin->restarts);
    st_json_bool(w, "answers", kin_is_up(kin) && !kin->owes_status);
    if (kin->status.n > 0)
        st_json_raw(w, "counters", st_buf_view(&kin->status));
    st_json_end(w);
}

static void put_listeners(struct st_json *w, const struct supervisor *sup)
{
    struct st_buf text;

    st_buf_init(&text, 8192);
    for (size_t i = 0; i < sup->n_listeners; i++)
        st_buf_fmt(&text, "%s%s", i > 0 ? ", " : "", sup->listeners[i].address);
    st_json_span(w, "listen", st_buf_view(&text));
    st_buf_fini(&text);
}

/* Files that are wrong, by their own names, and why. */
static void put_left(struct st_json *w, const struct supervisor *sup)
{
    const struct lp_left *left = &sup->current.gen->left;
    char config[SUP_PATH + 16];
    struct st_buf file, why;

    st_json_int(w, "files_left_out", (int64_t)left->n);
    if (left->n == 0)
        return;
    st_buf_init(&file, SUP_PATH);
    st_buf_init(&why, SUP_PATH);
    snprintf(config, sizeof config, "%s/stoa.yaml", sup->current.dir);
    st_json_object(w, "left_out");
    for (size_t i = 0; i < left->n; i++) {
        generation_origin(config, left->items[i].file, &file);
        st_buf_reset(&why);
        if (left->items[i].line > 0)
            st_buf_fmt(&why, "line %u: ", left->items[i].line);
        st_buf_fmt(&why, "%s", left->items[i].why);
        if (file.failed == ST_E_NONE && why.failed == ST_E_NONE)
            st_json_span(w, (const char *)file.p, st_buf_view(&why));
    }
    st_json_end(w);
    st_buf_fini(&file);
    st_buf_fini(&why);
}

static void put_status(struct st_json *w, const struct supervisor *sup)
{
    st_json_object(w, NULL);
    st_json_bool(w, "ok", true);
    st_json_str(w, "version", STOA_VERSION);
    st_json_int(w, "pid", getpid());
    st_json_int(w, "uptime_ms", (int64_t)(st_clock_ms() - sup->started_ms));
    st_json_int(w, "generation", (int64_t)sup->current.number);
    put_listeners(w, sup);
    put_left(w, sup);
    st_json_object(w, "worker");
    for (size_t i = 0; i < sup->n_kins; i++)
        if (sup->kins[i].role == FAM_WORKER)
            put_kin(w, &sup->kins[i]);
    st_json_end(w);
    for (size_t i = 0; i < sup->n_kins; i++)
        if (sup->kins[i].role != FAM_WORKER)
            put_kin(w, &sup->kins[i]);
    st_json_end(w);
}

static void answer_curious(struct supervisor *sup)
{
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, STATUS_MAX);
    st_json_init(&w, &out);
    put_status(&w, sup);
    for (size_t i = 0; i < SUP_WAITING_MAX; i++) {
        uint64_t client = sup->curious[i];

        sup->curious[i] = 0;
        if (client != 0)
            control_answer(sup->control, client, st_buf_view(&out));
    }
    st_buf_fini(&out);
}

static void answer_settled(struct supervisor *sup)
{
    struct st_buf out;
    struct st_json w;

    st_buf_init(&out, 256);
    st_json_init(&w, &out);
    st_json_object(&w, NULL);
    st_json_bool(&w, "ok", true);
    st_json_int(&w, "generation", (int64_t)sup->current.number);
    st_json_end(&w);
    for (size_t i = 0; i < SUP_WAITING_MAX; i++) {
        uint64_t client = sup->settling[i];

        sup->settling[i] = 0;
        if (client != 0)
            control_answer(sup->control, client, st_buf_view(&out));
    }
    st_buf_fini(&out);
}

/* Every process has been round, so what came before the request is done. */
static void turn_clock(struct supervisor *sup)
{
    uint64_t ms = sup->turn_ms;
    struct st_err err = ST_ERR_INIT;
    struct st_buf body;

    sup->turn_ms = 0;
    sup->turned_ms += ms;
    st_buf_init(&body, 64);
    st_pack_u64(&body, ms);
    for (size_t i = 0; i < sup->n_kins; i++)
        if (kin_is_up(&sup->kins[i]))
            kin_send(&sup->kins[i], FAM_MSG_CLOCK, 0, &body, -1);
    st_buf_fini(&body);
    st_clock_turn(ms);
    control_renew(sup->control);
    for (size_t i = 0; i < sup->n_kins; i++)
        kin_renew(&sup->kins[i]);
    if (st_timer_arm(fam_timers(sup->child), &sup->settle, 0, &err) != ST_OK) /* behind what is due by the turn */
        answer_settled(sup);
}

static void all_have_answered(struct supervisor *sup)
{
    st_timer_disarm(fam_timers(sup->child), &sup->status_due);
    answer_curious(sup);
    if (sup->turn_ms > 0)
        turn_clock(sup);
    else
        answer_settled(sup);
}

static void on_status_due(void *ctx)
{
    all_have_answered(ctx);
}

static void ask_all(struct supervisor *sup)
{
    struct st_err err = ST_ERR_INIT;

    sup->status_id++;
    for (size_t i = 0; i < sup->n_kins; i++) {
        struct kin *kin = &sup->kins[i];

        st_buf_reset(&kin->status);
        kin->owes_status = kin_is_up(kin);
        if (kin->owes_status)
            kin_send(kin, FAM_MSG_STATUS, sup->status_id, NULL, -1);
    }
    if (st_timer_arm(fam_timers(sup->child), &sup->status_due, STATUS_MS, &err) != ST_OK)
        all_have_answered(sup);
}

static void on_settle(void *ctx)
{
    ask_all(ctx);
}

void requests_init(struct supervisor *sup)
{
    sup->status_due = (struct st_timer){ .fn = on_status_due, .ctx = sup };
    sup->settle = (struct st_timer){ .fn = on_settle, .ctx = sup };
}

void requests_settle(struct supervisor *sup, uint64_t client)
{
    if (client == 0)
        return;
    if (!wait_in(sup->settling, client))
        control_error(sup->control, client, "too many requests wait");
    else
        ask_all(sup);
}

void requests_status(struct supervisor *sup)
{
    bool is_complete = true;

    for (size_t i = 0; i < sup->n_kins; i++)
        is_complete &= !(kin_is_up(&sup->kins[i]) && sup->kins[i].owes_status);
    if (is_complete)
        all_have_answered(sup);
}

static void do_status(struct supervisor *sup, uint64_t client, const json_t *root, struct st_span line)
{
    (void)root, (void)line;
    if (!wait_in(sup->curious, client))
        control_error(sup->control, client, "too many requests wait");
    else
        ask_all(sup);
}

/* ---- the others
 * -------------------------------------------------------------------------------------------------------------- */

static void do_version(struct supervisor *sup, uint64_t client, const json_t *root, struct st_span line)
{
    (void)root, (void)line;
    control_answer(sup->control, client, ST_SPAN("{\"ok\":true,\"stoad\":\"" STOA_VERSION "\"}"));
}

static void do_reload(struct supervisor *sup, uint64_t client, const json_t *root, struct st_span line)
{
    (void)root, (void)line;
    reload_ask(sup, client);
}

static void do_drain(struct supervisor *sup, uint64_t client, const json_t *root, struct st_span line)
{
    (void)root, (void)line;
    control_answer(sup->control, client, ST_SPAN("{\"ok\":true}"));
    sup_drain(sup);
}

static void do_clock(struct supervisor *sup, uint64_t client, const json_t *root, struct st_span line)
{
    json_int_t ms = json_integer_value(json_object_get(root, "ms"));

    (void)line;
    if (!sup->current.gen->config->test_clock) {
        control_error(sup->control, client, "the clock can be turned only with test_clock: true in stoa.yaml");
        return;
    }
    if (ms < 0 || ms > CLOCK_MAX || !json_is_integer(json_object_get(root, "ms"))) {
        control_error(sup->control, client, "expected ms, from 0 to 400 days");
        return;
    }
    sup->turn_ms += (uint64_t)ms;
    requests_settle(sup, client);
}

static void do_person(struct supervisor *sup, uint64_t client, const json_t *root, struct st_span line)
{
    struct kin *recorder = kin_of(sup, FAM_RECORDER, 0);
    struct st_buf body;

    (void)root;
    if (recorder == NULL || !kin_is_up(recorder)) {
        control_error(sup->control, client, "the recorder is being started again; try again in a moment");
        return;
    }
    if (!wait_in(sup->asking, client)) {
        control_error(sup->control, client, "too many requests wait");
        return;
    }
    st_buf_init(&body, IPC_MAX);
    st_pack_span(&body, line);
    kin_send(recorder, FAM_MSG_REQUEST, client, &body, -1);
    st_buf_fini(&body);
}

void requests_reply(struct supervisor *sup, uint64_t client, struct st_span json)
{
    if (leave(sup->asking, client))
        control_answer(sup->control, client, json);
}

void requests_recorder_died(struct supervisor *sup)
{
    for (size_t i = 0; i < SUP_WAITING_MAX; i++) {
        uint64_t client = sup->asking[i];

        sup->asking[i] = 0;
        if (client != 0)
            control_error(sup->control, client, "the recorder ended before it answered; try again");
    }
}

void on_control_request(void *ctx, uint64_t client, const json_t *root, struct st_span line)
{
    static const struct {
        const char *name;
        void (*fn)(struct supervisor *sup, uint64_t client, const json_t *root, struct st_span line);
    } known[] = { { "status", do_status }, { "version", do_version },    { "reload", do_reload },
                  { "drain", do_drain },   { "clock", do_clock },        { "consent", do_person },
                  { "erase", do_person },  { "consent_get", do_person }, { "read", do_person },
                  { "learned", do_person } };
    struct supervisor *sup = ctx;
    const char *what = json_string_value(json_object_get(root, "do"));

    for (size_t i = 0; i < ST_LEN(known); i++)
        if (strcmp(known[i].name, what) == 0) {
            known[i].fn(sup, client, root, line);
            return;
        }
    ST_LOG(CONTROL_REFUSED, ST_LIT("why", "unknown request"));
    control_error(sup->control, client, "this gateway does not know this request");
}
