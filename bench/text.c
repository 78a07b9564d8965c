/* SPDX-License-Identifier: Apache-2.0 */
/* text - the bodies of the bench.
 *
 * Detectors are quick on text without digits and quick on one repeated line. So a body here is made of sentences that
 * do not repeat: English and German words, years, prices, versions, clock times, tags, mentions, links, escapes of JSON
 * and some UTF-8. Nothing in it is a secret by any shipped detector, unless one is planted: an IBAN whose check digits
 * hold.
 */
#include "bench/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
    "the",         "of",          "and",      "to",          "a",        "in",        "that",        "is",
    "we",          "for",         "it",       "with",        "as",       "was",       "on",          "are",
    "this",        "be",          "by",       "from",        "at",       "have",      "not",         "which",
    "you",         "but",         "or",       "an",          "learned",  "course",    "team",        "service",
    "latency",     "forum",       "question", "answer",      "explains", "video",     "consistent",  "hashing",
    "release",     "queue",       "deploy",   "kubernetes",  "cluster",  "node",      "memory",      "profile",
    "customer",    "project",     "meeting",  "slides",      "talk",     "yesterday", "tomorrow",    "because",
    "performance", "interesting", "approach", "distributed", "systems",  "database",  "transaction", "index",
    "thread",      "borrow",      "checker",  "lifetime",    "compiler", "pattern",   "design",      "review",
    "und",         "nicht",       "Schulung", "Gespräch",    "über",     "Lernpfad",  "Überblick",   "größer",
    "people",      "should",      "could",    "great",       "thanks",   "really",    "simple",      "example",
};

/* What interrupts the words; a ~ becomes a number below 60. */
static const char *const odd[] = {
    "v~.~",
    "in 20~, week ~",
    "~ of ~",
    "~% (up from ~%)",
    "EUR ~.~",
    "#topic~ at ~",
    "@reader~ (~)",
    "chapter ~, page ~",
    "~:~",
    "https://forum.test/t/~/~",
    "\\\"plan ~\\\" and ~",
    "line ~\\nand line ~",
    "issue-~/~",
    "caf\\u00e9 no. ~",
};

struct pen {
    char *at, *end;
    uint32_t state;
};

/* xorshift: the same text for the same seed on every machine; nothing here need be hard to guess. */
static uint32_t next(struct pen *pen)
{
    pen->state ^= pen->state << 13;
    pen->state ^= pen->state >> 17;
    pen->state ^= pen->state << 5;
    return pen->state;
}

/* Writes it whole or not at all, so that no escape and no UTF-8 is cut. */
static bool put(struct pen *pen, const char *text)
{
    size_t len = strlen(text);

    if (len > (size_t)(pen->end - pen->at))
        return false;
    memcpy(pen->at, text, len);
    pen->at += len;
    return true;
}

static bool put_odd(struct pen *pen)
{
    char text[96];
    size_t len = 0;

    for (const char *at = odd[next(pen) % (sizeof odd / sizeof *odd)]; *at != '\0'; at++) {
        if (*at == '~')
            len += (size_t)snprintf(text + len, sizeof text - len, "%u", next(pen) % 60);
        else
            text[len++] = *at;
    }
    text[len] = '\0'; /* the longest is a third of the room */
    return put(pen, text);
}

static void fill(struct pen *pen)
{
    unsigned in_sentence = 0;
    bool fits = true;

    while (fits) {
        bool ends = in_sentence > 6 && next(pen) % 8 == 0;
        if (next(pen) % 12 == 0)
            fits = put_odd(pen);
        else
            fits = put(pen, words[next(pen) % (sizeof words / sizeof *words)]);
        fits = fits && put(pen, ends ? ". " : next(pen) % 14 == 0 ? ", " : " ");
        in_sentence = ends ? 0 : in_sentence + 1;
    }
    while (pen->at < pen->end)
        *pen->at++ = '.';
}

/* front, prose, middle, prose, back: len bytes in all. */
static char *compose(size_t len, unsigned seed, const char *front, const char *middle, const char *back)
{
    size_t back_len = strlen(back);
    char *text = len >= TEXT_MIN ? malloc(len + 1) : NULL;
    struct pen pen = { text, text, 2463534242U + seed * 7919U };

    if (text == NULL)
        return NULL;
    pen.end = text + len / 2;
    (void)put(&pen, front);
    fill(&pen);
    pen.end = text + len - back_len;
    (void)put(&pen, middle);
    fill(&pen);
    memcpy(pen.at, back, back_len + 1);
    return text;
}

char *text_json(size_t len, unsigned seed, bool has_secret)
{
    return compose(len, seed, "{\"text\":\"", has_secret ? " my IBAN is DE02120300000000202051, " : " ", "\"}");
}

char *text_html(size_t len, unsigned seed)
{
    return compose(len, seed, "<!doctype html><title>A thread</title><p>", " <p>", "</html>");
}

/* One mention of somebody: what stands beside typed text in most posts. */
static bool put_mention(struct pen *pen)
{
    char text[320];
    uint32_t at = next(pen) % 100000, id = next(pen), more = next(pen);

    (void)snprintf(text, sizeof text,
                   ",{\"start\":%u,\"length\":%u,\"urn\":\"urn:li:fsd_profile:ACoAAB%xQxYz\",\"kind\":\"MENTION\","
                   "\"clientId\":\"%08x-%04x-4%03x-a%03x-%08x%04x\",\"createdAt\":%u%09u,\"isEdited\":false}",
                   at % 900, at % 23, id, id, more >> 16, more & 0xFFF, id & 0xFFF, id ^ more, more & 0xFFFF,
                   1764 + at % 9, id % 1000000000);
    return put(pen, text);
}

char *text_post(size_t len, unsigned seed, unsigned cards)
{
    static const char front[] =
        "{\"variables\":{\"post\":{\"allowedCommentersScope\":\"ALL\",\"intendedShareLifeCycleState\":\"PUBLISHED\","
        "\"origin\":\"FEED\",\"visibilityDataUnion\":{\"visibilityType\":\"ANYONE\"},\"commentary\":{\"text\":\"";
    static const char card[] = "4111 1111 1111 1111, ", middle[] = "\",\"attributes\":[{}", back[] = "]}}}}";
    char *text = len >= TEXT_POST_MIN ? malloc(len + 1) : NULL;
    struct pen pen = { text, text, 2463534242U + seed * 7919U };

    if (text == NULL)
        return NULL;
    pen.end = text + len - sizeof middle - sizeof back;
    (void)put(&pen, front);
    while (cards-- > 0 && put(&pen, card))
        continue;
    pen.end = pen.at + (pen.end - pen.at) / 2;
    fill(&pen);
    pen.end = text + len - sizeof back;
    (void)put(&pen, middle);
    while (put_mention(&pen))
        continue;
    memset(pen.at, ' ', (size_t)(text + len - pen.at));
    memcpy(text + len - (sizeof back - 1), back, sizeof back);
    return text;
}
