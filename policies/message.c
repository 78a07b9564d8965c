/* SPDX-License-Identifier: Apache-2.0 */
/* message - what a person reads when a rule has no words of its own, in English and German.
 *
 * Two things have to be in it: what happened to the message, and what was found, by the detector's title and never by
 * the match. The sentences use a colon before the titles, so that any title fits into them.
 */
#include "policies/judge.h"
#include <string.h>

enum { EN, DE };
struct sentence { /* one with titles, one without */
    const char *found[2], *bare[2];
};

static const struct sentence by_verdict[] = {
    [POL_ALLOW] = { .found = { NULL } },
    [POL_NOTE] = { .found = { "Noted. It contains: ", "Vermerkt. Darin steht: " }, .bare = { "Noted.", "Vermerkt." } },
    [POL_COACH] = { .found = { "Please look at this again. It contains: ",
                               "Bitte sehen Sie sich das noch einmal an. Darin steht: " },
                    .bare = { "Please look at this again: your company has a rule about it.",
                              "Bitte sehen Sie sich das noch einmal an: In Ihrem Unternehmen gilt dafür eine "
                              "Regel." } },
    [POL_REDACT] = { .found = { "Replaced before sending: ", "Vor dem Senden ersetzt: " },
                     .bare = { "A part was replaced before sending.", "Ein Teil wurde vor dem Senden ersetzt." } },
    [POL_BLOCK] = { .found = { "This was not sent. It contains: ", "Das wurde nicht gesendet. Darin steht: " },
                    .bare = { "This was not sent: a rule of your company does not allow it here.",
                              "Das wurde nicht gesendet: Eine Regel Ihres Unternehmens erlaubt es hier nicht." } },
};

static const char *const unchecked[2] = { "This was not sent, because it could not be checked.",
                                          "Das wurde nicht gesendet, weil es nicht geprüft werden konnte." };
static const char *const too_large[2] = { "This was not sent, because it is too large to be checked.",
                                          "Das wurde nicht gesendet, weil es für eine Prüfung zu groß ist." };

static const char *const locked[2] = {
    "This was not sent, because a file in it is locked with a password and could not be checked.",
    "Das wurde nicht gesendet, weil eine Datei darin mit einem Passwort gesperrt ist und nicht geprüft werden konnte."
};

struct line {
    char s[640];
    size_t n;
};

/* Whole pieces only: half a title, or half a character, would be worse than none. */
static bool add(struct line *line, const char *piece)
{
    size_t n = strlen(piece);

    if (n >= sizeof line->s - line->n)
        return false;
    memcpy(line->s + line->n, piece, n + 1);
    line->n += n;
    return true;
}

static const char *compose(const struct pol_decision *d, int lang, struct st_arena *arena)
{
    static const char *const others[2] = { " and others", " und anderes" };
    struct line line = { .n = 0 };

    (void)add(&line, by_verdict[d->verdict].found[lang]);
    for (size_t i = 0; i < d->n_titles; i++) {
        const char *title =
            lang == DE && d->titles[i]->title_de != NULL ? d->titles[i]->title_de : d->titles[i]->title_en;
        size_t before = line.n;

        if ((i > 0 && !add(&line, ", ")) || !add(&line, title != NULL ? title : d->titles[i]->id)) {
            line.s[line.n = before] = '\0';
            break;
        }
    }
    if (d->has_more)
        (void)add(&line, others[lang]);
    (void)add(&line, ".");
    return st_arena_str(arena, st_span_str(line.s));
}

enum st_rc pol_message(const struct pol_decision *d, enum flt_reason reason, struct st_arena *arena,
                       struct st_text *out, struct st_err *err)
{
    const char *const *fixed = by_verdict[d->verdict].bare;

    if (d->rule != NULL && d->rule->message.en != NULL && d->verdict == d->rule->verdict) {
        *out = d->rule->message;
        if (out->de == NULL)
            out->de = out->en;
        return ST_OK;
    }
    if (d->cause == POL_BY_FAILURE)
        fixed = reason == FLT_REASON_SIZE ? too_large : reason == FLT_REASON_ENCRYPTED ? locked : unchecked;
    if (d->cause == POL_BY_FAILURE || d->n_titles == 0) {
        *out = (struct st_text){ .en = fixed[EN], .de = fixed[DE] };
        return ST_OK;
    }
    out->en = compose(d, EN, arena);
    out->de = compose(d, DE, arena);
    return out->en != NULL && out->de != NULL ? ST_OK : st_arena_fail(arena, err, "judge.message");
}
