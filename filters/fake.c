/* SPDX-License-Identifier: Apache-2.0 */
/* fake - values that look real to a detector and belong to nobody.
 *
 * A value is a template: text, {class:count} for random characters of a class, and {crc62}, {luhn}, {iban:CC} … for
 * what is computed over the characters since the last {mark} (or the start). Templates never contain a whole token, so
 * this file is quiet under every scanner. Randomness is splitmix64 over a seed the caller gives, never the system's:
 * an example that fails must fail again. A new name is one line in `fakes`.
 */
#include "filters/fake.h"
#include "base/hash.h"
#include "filters/validate.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *chars;
} classes[] = {
    { "d", "0123456789" },
    { "d1", "123456789" },
    { "hex", "0123456789abcdef" },
    { "low", "abcdefghijklmnopqrstuvwxyz0123456789" },
    { "up", "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    { "letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" },
    { "b32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" },
    { "UP", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" },
    { "b62", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" },
    { "b64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" },
    { "url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" },
};

static const struct {
    const char *name, *template;
} fakes[] = {
    { "github.pat_classic", "ghp_{mark}{b62:30}{crc62}" },
    { "github.oauth", "gho_{mark}{b62:30}{crc62}" },
    { "github.app_user", "ghu_{mark}{b62:30}{crc62}" },
    { "github.app_server", "ghs_{mark}{b62:30}{crc62}" },
    { "github.refresh", "ghr_{mark}{b62:30}{crc62}" },
    { "github.pat_fine", "github_pat_{b62:22}_{b62:59}" },
    { "gitlab.pat", "glpat-{url:20}" },
    { "npm.token", "npm_{mark}{b62:30}{crc62}" },
    { "pypi.token", "pypi-AgEIcHlwaS5vcmc{url:120}" },
    { "aws.access_key_id", "AKIA{b32:16}" },
    { "aws.secret_access_key", "{b64:40}" },
    { "aws_access_key", "AKIA{b32:16}" },
    { "aws_secret_key", "{b64:40}" },
    { "gcp.api_key", "AIza{url:35}" },
    { "azure.storage_key", "{b64:86}==" },
    { "slack.bot", "xoxb-{d1:1}{d:11}-{d1:1}{d:12}-{b62:24}" },
    { "slack.user", "xoxp-{d1:1}{d:11}-{d1:1}{d:11}-{d1:1}{d:12}-{hex:32}" },
    { "slack.app", "xapp-1-A{UP:10}-{d1:1}{d:12}-{hex:64}" },
    { "slack.webhook", "https://hooks.slack.com/services/T{UP:10}/B{UP:10}/{b62:24}" },
    { "discord.bot", "{snowflake}.G{b62:5}.{url:38}" },
    { "discord.webhook", "https://discord.com/api/webhooks/{d1:1}{d:18}/{url:68}" },
    { "telegram.bot", "{d1:1}{d:9}:AA{url:33}" },
    { "stripe.secret", "sk_live_{b62:24}" },
    { "stripe.restricted", "rk_live_{b62:24}" },
    { "openai.key", "sk-{b62:20}T3BlbkFJ{b62:20}" },
    { "openai.project_key", "sk-proj-{url:74}T3BlbkFJ{url:74}" },
    { "anthropic.key", "sk-ant-api03-{url:93}AA" },
    { "huggingface.token", "hf_{b62:34}" },
    { "twilio.api_key", "SK{hex:32}" },
    { "sendgrid.key", "SG.{url:22}.{url:43}" },
    { "jwt", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOi{url:60}.{url:43}" },
    { "pem.pkcs8",
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC{b64:32}\n{b64:64}\n{b64:64}\n{b64:40}\n"
      "-----END PRIVATE KEY-----" },
    { "pem.rsa", "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA{b64:48}\n{b64:64}\n{b64:64}\n{b64:20}=\n"
                 "-----END RSA PRIVATE KEY-----" },
    { "pem.ec",
      "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEI{b64:55}\n{b64:64}\n{b64:34}==\n-----END EC PRIVATE KEY-----" },
    { "pem.json", "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC{b64:32}\\n{b64:64}\\n{b64:64}\\n"
                  "-----END PRIVATE KEY-----\\n" },
    { "openssh.private_key",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA{b64:46}\n{b64:70}\n{b64:40}=\n"
      "-----END OPENSSH PRIVATE KEY-----" },
    { "pgp.private_block", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOY{b64:60}\n{b64:64}\n{b64:64}\n=AbCd\n"
                           "-----END PGP PRIVATE KEY BLOCK-----" },
    { "card.visa", "4{d:14}{luhn}" },
    { "card.visa.grouped", "4{d:3} {d:4} {d:4} {d:3}{luhn}" },
    { "card.mastercard", "5{one:12345}{d:13}{luhn}" },
    { "card.amex", "37{d:12}{luhn}" },
    { "card.discover", "6011{d:11}{luhn}" },
    { "card.diners", "3{one:689}{d:11}{luhn}" },
    { "card.jcb", "35{one:345678}{d:12}{luhn}" },
    { "iban.de", "{iban:DE:18}" },
    { "iban.at", "{iban:AT:16}" },
    { "iban.es", "{iban:ES:20}" },
    { "de.steuer_id", "{steuer}" },
    { "nats.seed", "{nkey}" },
    { "btc.wif", "{wif}" },
    { "bip32.xprv", "{xprv}" },
    { "password", "{b62:6}!{d:3}{b62:4}" },
};

struct faker {
    uint64_t state;
    struct st_buf *out;
    size_t mark; /* where the computed parts begin */
};

static uint64_t next(struct faker *f)
{
    uint64_t z = f->state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static void some(struct faker *f, const char *chars, size_t n)
{
    size_t choice = strlen(chars);

    for (; n > 0; n--)
        st_buf_byte(f->out, (uint8_t)chars[next(f) % choice]);
}

static struct st_span since_mark(const struct faker *f)
{
    struct st_span all = st_buf_view(f->out);

    return st_span_sub(all, f->mark, all.n);
}

static void add_crc62(struct faker *f)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint32_t crc = flt_crc32(since_mark(f));
    char six[6];

    for (size_t i = 6; i > 0; i--, crc /= 62)
        six[i - 1] = digits[crc % 62];
    st_buf_put(f->out, six, sizeof six);
}

static void add_luhn(struct faker *f)
{
    struct st_span s = since_mark(f);
    uint8_t digits[64];
    size_t n = 0;

    for (size_t i = 0; i < s.n && n + 1 < sizeof digits; i++)
        if (flt_is_digit(s.p[i]))
            digits[n++] = s.p[i];
    for (uint8_t c = '0'; c <= '9'; c++) {
        digits[n] = c;
        if (flt_luhn(st_span(digits, n + 1)))
            st_buf_byte(f->out, c);
    }
}

/* {iban:DE:18}: country and digits of the account part. */
static void add_iban(struct faker *f, struct st_span what)
{
    uint8_t iban[34], turned[34];
    uint64_t n = 0;

    if (what.n < 4 || !st_span_u64(st_span_sub(what, 3, what.n), &n) || n > 30)
        return;
    memcpy(iban, what.p, 2);
    for (size_t i = 0; i < n; i++)
        iban[4 + i] = (uint8_t)('0' + next(f) % 10);
    for (unsigned check = 2; check < 99; check++) {
        iban[2] = (uint8_t)('0' + check / 10);
        iban[3] = (uint8_t)('0' + check % 10);
        memcpy(turned, iban + 4, n);
        memcpy(turned + n, iban, 4);
        if (flt_mod97(st_span(turned, n + 4)) == 1)
            break;
    }
    st_buf_put(f->out, iban, n + 4);
}

/* Ten digits of which one occurs twice and one not at all, not 0 first; then the check digit. */
static void add_steuer(struct faker *f)
{
    uint8_t d[11] = "1234567890";

    do {
        for (size_t i = 9; i > 0; i--) {
            size_t k = next(f) % (i + 1);
            uint8_t swap = d[i];

            d[i] = d[k];
            d[k] = swap;
        }
    } while (d[0] == '0' || d[1] == '0');
    d[9] = d[1]; /* one gone, one twice, never three in a row */
    for (d[10] = '0'; d[10] < '9' && !flt_iso7064_11_10(st_span(d, 11)); d[10]++)
        continue;
    st_buf_put(f->out, d, 11);
}

static void add_snowflake(struct faker *f)
{
    uint8_t id[18];
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < sizeof id; i++)
        id[i] = (uint8_t)('1' + next(f) % 9);
    for (size_t i = 0; i < sizeof id; i += 3) {
        uint32_t bits = (uint32_t)id[i] << 16 | (uint32_t)id[i + 1] << 8 | id[i + 2];

        for (int shift = 18; shift >= 0; shift -= 6)
            st_buf_byte(f->out, (uint8_t)alphabet[bits >> shift & 63]);
    }
}

/* "b62:20" and the like; false when the class is unknown. */
static bool add_class(struct faker *f, struct st_span what)
{
    struct st_span rest = what, name;
    uint64_t n = 1;

    (void)st_span_next(&rest, ':', &name);
    if (st_span_eq(name, ST_SPAN("one")) && rest.n > 0) {
        st_buf_byte(f->out, rest.p[next(f) % rest.n]);
        return true;
    }
    if (rest.n > 0 && (!st_span_u64(rest, &n) || n > 4096))
        return false;
    for (size_t i = 0; i < ST_LEN(classes); i++)
        if (st_span_eq(name, st_span_str(classes[i].name))) {
            some(f, classes[i].chars, (size_t)n);
            return true;
        }
    return false;
}

/* Seed of a user: prefix S and U in the first ten bits, 32 bytes, CRC-16; in base32. */
static void add_nkey(struct faker *f)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t raw[36] = { 0x95, 0x00 };
    uint32_t bits = 0;
    unsigned have = 0, crc;

    for (size_t i = 2; i < 34; i++)
        raw[i] = (uint8_t)next(f);
    crc = flt_crc16(st_span(raw, 34));
    raw[34] = (uint8_t)crc;
    raw[35] = (uint8_t)(crc >> 8);
    for (size_t i = 0; i < sizeof raw; i++) {
        bits = bits << 8 | raw[i];
        for (have += 8; have >= 5; have -= 5)
            st_buf_byte(f->out, (uint8_t)digits[bits >> (have - 5) & 31]);
    }
    st_buf_byte(f->out, (uint8_t)digits[bits << (5 - have) & 31]);
}

/* Base58Check of the bytes: the first four of a double SHA-256 behind them. */
static void add_base58check(struct faker *f, uint8_t *raw, size_t n)
{
    static const char chars[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    uint8_t once[ST_SHA256_LEN], twice[ST_SHA256_LEN];
    struct st_err err = ST_ERR_INIT;
    struct st_span part = st_span(raw, n);
    char text[128];
    size_t at = sizeof text;

    if (st_sha256(&part, 1, once, &err) != ST_OK)
        return;
    part = st_span(once, sizeof once);
    if (st_sha256(&part, 1, twice, &err) != ST_OK)
        return;
    memcpy(raw + n, twice, 4);
    n += 4;
    for (bool is_zero = false;
         !is_zero && at > 0;) { /* divide by 58 until nothing is left; no value here begins with 0 */
        unsigned rest = 0;

        is_zero = true;
        for (size_t i = 0; i < n; i++) {
            rest = rest << 8 | raw[i];
            raw[i] = (uint8_t)(rest / 58);
            rest %= 58;
            is_zero = is_zero && raw[i] == 0;
        }
        text[--at] = chars[rest];
    }
    st_buf_put(f->out, text + at, sizeof text - at);
}

/* A private key of Bitcoin for a compressed public key. */
static void add_wif(struct faker *f)
{
    uint8_t raw[34 + 4] = { 0x80 };

    for (size_t i = 1; i < 33; i++)
        raw[i] = (uint8_t)next(f);
    raw[33] = 1;
    add_base58check(f, raw, 34);
}

/* BIP-32: version xprv, depth, parent and number 0, chain code, 0, key. */
static void add_xprv(struct faker *f)
{
    uint8_t raw[78 + 4] = { 0x04, 0x88, 0xAD, 0xE4 };

    for (size_t i = 13; i < 78; i++)
        raw[i] = i == 45 ? 0 : (uint8_t)next(f);
    add_base58check(f, raw, 78);
}

static void add_part(struct faker *f, struct st_span what)
{
    if (st_span_eq(what, ST_SPAN("mark")))
        f->mark = f->out->n;
    else if (st_span_eq(what, ST_SPAN("crc62")))
        add_crc62(f);
    else if (st_span_eq(what, ST_SPAN("luhn")))
        add_luhn(f);
    else if (st_span_eq(what, ST_SPAN("nkey")))
        add_nkey(f);
    else if (st_span_eq(what, ST_SPAN("wif")))
        add_wif(f);
    else if (st_span_eq(what, ST_SPAN("xprv")))
        add_xprv(f);
    else if (st_span_eq(what, ST_SPAN("steuer")))
        add_steuer(f);
    else if (st_span_eq(what, ST_SPAN("snowflake")))
        add_snowflake(f);
    else if (st_span_starts(what, ST_SPAN("iban:")))
        add_iban(f, st_span_sub(what, 5, what.n));
    else
        (void)add_class(f, what);
}

static void add_template(struct faker *f, struct st_span template)
{
    f->mark = f->out->n;
    for (size_t i = 0; i < template.n; i++) {
        size_t close = st_span_chr(st_span_sub(template, i, template.n), '}');

        if (template.p[i] != '{' || close == ST_SPAN_NPOS) {
            st_buf_byte(f->out, template.p[i]);
            continue;
        }
        add_part(f, st_span_sub(template, i + 1, close - 1));
        i += close;
    }
}

static bool add_fake(struct faker *f, struct st_span name)
{
    for (size_t i = 0; i < ST_LEN(fakes); i++)
        if (st_span_eq(name, st_span_str(fakes[i].name))) {
            add_template(f, st_span_str(fakes[i].template));
            return true;
        }
    return add_class(f, name);
}

enum st_rc flt_fake_expand(struct st_span text, uint64_t seed, struct st_buf *out, size_t *bad, struct st_err *err)
{
    struct faker f = { .state = seed, .out = out };
    size_t at = 0;

    for (;;) {
        struct st_span rest = st_span_sub(text, at, text.n), name;
        size_t open = st_span_find(rest, ST_SPAN("${fake:")), close;

        if (open == ST_SPAN_NPOS) {
            st_buf_span(out, rest);
            return st_buf_done(out, err, "fake");
        }
        st_buf_span(out, st_span_sub(rest, 0, open));
        name = st_span_sub(rest, open + 7, rest.n);
        close = st_span_chr(name, '}');
        if (close == ST_SPAN_NPOS || !add_fake(&f, st_span_sub(name, 0, close))) {
            *bad = at + open;
            return st_fail(err, ST_E_CONFIG, "fake", "unknown name in ${fake:...}", at + open);
        }
        at += open + 7 + close + 1;
    }
}
