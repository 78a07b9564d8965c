/* SPDX-License-Identifier: Apache-2.0 */
/* drift - see drift.h: platforms change without a word, and an adapter that finds nothing any more looks like peace.
 *
 * A post may be a picture alone, so that one message without text proves nothing; a long row of them does, as no
 * platform's people fall silent together. Where it moves to other addresses altogether, the fallback reads what people
 * write there: a row of that, with nothing written that a rule knows, tells the same.
 */
#include "gateway/drift.h"
#include "base/json.h"
#include "base/log.h"
#include <stdio.h>
#include <string.h>

#define SURE 80u /* an adapter's rule said what was done; below it the fallback guessed */

static bool is_authored(const char *kind)
{
    static const char *const KINDS[] = { "post", "comment", "reply", "message", "ai.prompt" };

    for (size_t i = 0; i < ST_LEN(KINDS); i++)
        if (strcmp(kind, KINDS[i]) == 0)
            return true;
    return false;
}

static struct drift_count *count_of(struct drift *drift, const char *platform)
{
    for (size_t i = 0; i < drift->n; i++)
        if (strcmp(drift->items[i].platform, platform) == 0)
            return &drift->items[i];
    if (drift->n == DRIFT_MAX || strlen(platform) >= sizeof drift->items[0].platform)
        return NULL;
    (void)snprintf(drift->items[drift->n].platform, sizeof drift->items[0].platform, "%s", platform);
    return &drift->items[drift->n++];
}

/* The two writers of a row's state. True: it is to be told. */
static bool goes_on(struct drift_row *row)
{
    if (++row->n < DRIFT_ROW || row->state == DRIFT_TOLD)
        return false;
    row->state = DRIFT_TOLD;
    return true;
}

static void end(struct drift_row *row)
{
    *row = (struct drift_row){ 0, DRIFT_QUIET };
}

static void note_authored(struct drift_count *count, const struct lp_activity *activity)
{
    if (activity->text.n > 0) {
        end(&count->silent);
        end(&count->strange);
    } else if (goes_on(&count->silent))
        ST_LOG(ADAPTER_DRIFT, ST_ID("platform", st_id(count->platform)), ST_NUM("messages", count->silent.n));
}

/* The fallback read it, on a host that an adapter claims: the platform may write elsewhere now. */
static void note_unknown(struct drift *drift, const char *claims)
{
    struct drift_count *count = claims != NULL ? count_of(drift, claims) : NULL;

    if (count == NULL)
        return;
    count->unknown++;
    if (goes_on(&count->strange))
        ST_LOG(ADAPTER_UNKNOWN, ST_ID("platform", st_id(count->platform)), ST_NUM("messages", count->strange.n));
}

void drift_note(struct drift *drift, const struct chain_out *chain, const char *claims)
{
    const struct lp_activity *activity = &chain->activity;
    struct drift_count *count;

    if (!chain->has_activity)
        return;
    if (activity->confidence < SURE) {
        note_unknown(drift, claims);
        return;
    }
    if ((count = count_of(drift, activity->platform)) == NULL)
        return;
    count->matched++;
    if (chain->doc == NULL || chain->receipt.coverage != FLT_FULLY)
        return; /* what could not be read proves nothing about the rules */
    count->decoded++;
    count->text_found += activity->text.n > 0;
    if (is_authored(activity->kind) && lp_route_is_text(chain->route))
        note_authored(count, activity);
}

void drift_status(const struct drift *drift, struct st_json *json)
{
    for (size_t i = 0; i < drift->n; i++) {
        const struct drift_count *count = &drift->items[i];

        st_json_object(json, count->platform);
        st_json_int(json, "matched", (int64_t)count->matched);
        st_json_int(json, "decoded", (int64_t)count->decoded);
        st_json_int(json, "text_found", (int64_t)count->text_found);
        st_json_int(json, "unknown", (int64_t)count->unknown);
        st_json_end(json);
    }
}
