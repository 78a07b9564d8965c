/* SPDX-License-Identifier: Apache-2.0 */
/* benign - posts and code snippets as people really write them, with nothing to protect in them.
 *
 * benign_post(n) is always the same text for the same n: a few sentences or a few lines of code, picked from the
 * templates below and filled with what looks most like a finding: order and tracking numbers, identifiers, versions,
 * hashes, timestamps, ISBN, coordinates, logs, minified script, base64 pictures, IBAN and card numbers with a wrong
 * check digit, documentation of credentials. Numbers that by chance satisfy a checksum are as likely as in life.
 */
#ifndef STOA_TESTS_UNIT_FILTERS_BENIGN_H
#define STOA_TESTS_UNIT_FILTERS_BENIGN_H
#include "filters/fake.h"
#include "filters/validate.h"
#include <stdlib.h>
#include <string.h>

static const char *const benign_prose[] = {
    "I upgraded to {v} yesterday and the build went from {n2} to {n1} minutes, which is nice.",
    "Has anyone tried the {w} course on {w}? I have {n2} hours left and chapter {n1} is about {w}.",
    "The meeting moved to {date} at {time}, room {n3}, dial-in stays the same.",
    "Seit {v} startet der Dienst nicht mehr, im Log steht nur Fehler {n4}. Hat jemand eine Idee?",
    "Das Seminar am {dedate} um {time} Uhr war gut besucht: {n3} Anmeldungen, {n2} auf der Warteliste.",
    "Order {n10} was shipped, tracking number {n12}, expected {date}.",
    "Bestellnummer {n3}-{n7}-{n7} ist angekommen, danke an alle.",
    "ISBN 978-{n1}-{n2}-{n6}-{n1} is the best book on {w} I know, about {n3} pages.",
    "We measured {n3}.{n3} ms at the median and {n4} ms at p99 over {n8} requests.",
    "pi is 3.14159265358979323846 and e is 2.71828182845904523536, as every child knows.",
    "Population went from {n2},{n3},{n3} to {n2},{n3},{n3} in ten years; see table {n1}.",
    "My train was {n2} minutes late again, so I read up on {w} and {w}.",
    "https://forum.example.net/t/{w}-{w}/{n5}/{n2} has the answer, second post.",
    "https://x.example/{w}/status/{n19} is worth a read.",
    "https://www.example.org/watch?v={b11}&t={n3}s explains {w} in ten minutes.",
    "The IBAN {wrongiban} in the screenshot is made up, the check digit is wrong.",
    "Card numbers in the form are validated: {wrongcard} is refused, as it should be.",
    "Password managers are great. Never write your password on paper, and never reuse a password.",
    "If the password is wrong three times, the account is locked for {n2} minutes.",
    "Das Passwort ist abgelaufen, bitte im Portal ein neues setzen und nicht weitergeben.",
    "You need an API key: set api_key to YOUR_API_KEY in the config and restart.",
    "The secret to good {w} is practice; my token of thanks goes to the team.",
    "Room temperature {n2}.{n1} C, pressure {n4}.{n1} hPa, humidity {n2} %.",
    "GPS says {n2}.{n6}, {n2}.{n6}, that is the {w} office.",
    "Vote with +1 if you want {w}; so far {n2} people did, {n1} against.",
    "Ticket {UP3}-{n4} is closed, {UP3}-{n4} is next, both part of {date}.",
    "The score was {n1}:{n1} after {n2} minutes and {n5} people watched.",
    "Flight {UP2}{n4} leaves at {time} from gate {n2}, seat {n2}C.",
    "Invoice {n4}-{n6} over {n3}.{n2} EUR is paid; reference {UP2}{n8}.",
    "Rechnung Nr. {n8} vom {dedate} über {n4},{n2} Euro ist bezahlt.",
    "Section {n1}.{n1}.{n2} of the manual says the port is {n4}, not {n5}.",
    "Einstein wrote E = mc^2; 299792458 m/s is the speed of light, 6.62607015e-34 is h.",
    "The EAN {n13} on the box belongs to a different {w}.",
    "Serial number {UP4}{n8}, firmware {v}, bought on {date}.",
    "Lottery numbers: {n2} {n2} {n2} {n2} {n2} {n2}, bonus {n2}.",
    "Steps of the week: {n4} {n4} {n4} {n5} {n4} {n5} {n4}.",
    "I read {n3} pages of {w}, then {n2} of {w}, in {n2} days (2019 2020 2021 2022 2023 2024).",
    "@{w} thanks! cc @{w} and @{w}_{n2}",
    "Paragraph 12 Abs. 3 gilt seit dem {dedate}, vorher war es Paragraph {n2}.",
    "The exam has {n2} questions, you need {n2} points; mine was {n2}/{n3}.",
};
static const char *const benign_code[] = {
    "const id = \"{uuid}\"; // {w}\n",
    "commit {hex40}\nAuthor: {w} <{w}@users.noreply.github.com>\nDate: {date}\n\n    fix {w}\n",
    "\"node_modules/{w}\": {{ \"version\": \"{v}\", \"integrity\": \"sha512-{b64x86}==\" }},\n",
    "{date}T{time}:{n2}.{n6}Z INFO [{w}] request {uuid} took {n3} ms from 10.{n2}.{n2}.{n2}\n",
    "192.0.2.{n2} - - [{dedate}:{time}:{n2} +0000] \"GET /{w}/{n5} HTTP/1.1\" 200 {n5}\n",
    "INSERT INTO {w} (id, n, t) VALUES ({n9}, {n6}, {n13}), ({n9}, {n6}, {n13});\n",
    ".{w} {{ color: #{hex6}; margin: {n2}px {n1}px; background: url(data:image/png;base64,iVBORw0KGgo{b64x120}=) }}\n",
    "!function(e,t){{var n={n5},r=\"{b11}\";for(var i=0;i<{n4};i++)e[i]=t[{n3}]^0x{hex8}}}(this,[{n3},{n3},{n4}]);\n",
    "00000{hex3}0  {hex2} {hex2} {hex2} {hex2} {hex2} {hex2} {hex2} {hex2}  {hex2} {hex2} {hex2} {hex2} |{w}....|\n",
    "md5: {hex32}  sha1: {hex40}  sha256: {hex64}\n",
    "password = os.environ[\"{UP4}_PASSWORD\"]\n",
    "const {{ password, token }} = req.body;\nif (!password) throw new Error(\"password is required\");\n",
    "password: ${{{{ secrets.{UP4}_PASSWORD }}}}\n",
    "DB_PASSWORD=changeme\nAPI_KEY=<your api key>\nTOKEN=xxxxxxxxxxxxxxxxxxxx\n",
    "def check(password: str, token: Optional[str] = None) -> bool:\n    return hash(password) == self.hash\n",
    "postgres://user:password@localhost:5432/{w}\n",
    "git clone git@github.com:{w}/{w}.git && cd {w} && git checkout {hex7}\n",
    "docker pull registry.example.net/{w}@sha256:{hex64}\n",
    "Authorization: Bearer <token>\n",
    "curl -u \"$USER:$PASSWORD\" https://api.example.net/v{n1}/{w}?page={n2}&limit={n3}\n",
    "Traceback (most recent call last):\n  File \"/srv/{w}/{w}.py\", line {n3}, in {w}\nValueError: {n6}\n",
    "for (int i = 0; i < {n4}; i++) sum += a[i] * {n3}.{n4}f; /* 0x{hex8} */\n",
    "#define {UP4}_MAGIC 0x{hex8}u\n#define {UP4}_SIZE {n5}\n",
    "<img src=\"logo@2x.png\" width=\"{n3}\" height=\"{n3}\"><a href=\"/{w}?id={n16}\">{w}</a>\n",
    "{{\"id\": {n16}, \"user_id\": {n15}, \"created\": {n13}, \"name\": \"{w}\", \"score\": 0.{n16}}}\n",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{b64x120}{b64x120} {w}@laptop\n",
    "-----BEGIN CERTIFICATE-----\nMIID{b64x60}\n{b64x64}\n{b64x64}\n-----END CERTIFICATE-----\n",
    "{{\"subreddit\": \"{w}{w}{w}\", \"selftext_html\": \"{w}\", \"{w}_{w}\": \"{w}{n2}\", \"{w}\": {n2}}}\n",
    "ETag: W/\"{hex32}\"\nX-Request-Id: {uuid}\nContent-Length: {n6}\n",
    "uid={n4}({w}) gid={n4}({w}) groups={n4}({w}),{n2}({w})\n",
    "{n8} {n6} {n4} {n8}\n{n8} {n6} {n4} {n8}\n",
    "rgba({n2}, {n2}, {n2}, 0.{n1}) matrix(0.{n6}, 0.{n6}, -0.{n6}, 0.{n6}, {n3}.{n2}, {n3}.{n2})\n",
    "M{n3}.{n2},{n3}.{n2}c{n1}.{n2}-{n1}.{n2},{n2}.{n3},{n1}.{n3},{n2}.{n2},{n3}.{n1}z\n",
    "const KEY_PREFIX = 'sk-'; // real keys are read from the vault\n",
    "grep -rn \"BEGIN RSA PRIVATE KEY\" . && echo found\n",
    "PASS {w}.test.js ({n1}.{n3} s)\n  ok {n2} tests, password reset mail is sent\n",
    "AKIAIOSFODNN7EXAMPLE is the key id that the AWS manual prints.\n",
    "mac {hex2}:{hex2}:{hex2}:{hex2}:{hex2}:{hex2} mtu 1500 inet6 fe80::{hex4}:{hex4}:{hex4}:{hex4}/64\n",
    "time_total: {n1}.{n6}s  speed_download: {n7}  num_redirects: {n1}  ts={n10}.{n6}\n",
};
static const char *const benign_words[] = {
    "kubernetes", "rust",     "python",    "gardening", "excel",    "security", "design",  "leadership", "sql",
    "docker",     "planning", "sourdough", "routing",   "compiler", "graph",    "testing", "agile",      "statistics",
    "widget",     "parser",   "scheduler", "photo",     "budget",   "language", "cache",   "layout",     "metrics",
};

struct benign {
    uint64_t state;
    struct st_buf *out;
};

static uint64_t benign_next(struct benign *b)
{
    uint64_t z = b->state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static void benign_some(struct benign *b, const char *chars, size_t n)
{
    for (size_t choice = strlen(chars); n > 0; n--)
        st_buf_byte(b->out, (uint8_t)chars[benign_next(b) % choice]);
}

static void benign_number(struct benign *b, size_t n)
{
    benign_some(b, "123456789", 1);
    benign_some(b, "0123456789", n - 1);
}

/* Right but for its last digit. */
static void benign_wrong(struct benign *b, const char *fake)
{
    struct st_err err = ST_ERR_INIT;
    size_t bad;

    if (flt_fake_expand(st_span_str(fake), benign_next(b), b->out, &bad, &err) == ST_OK)
        b->out->p[b->out->n - 1] = (uint8_t)('0' + (b->out->p[b->out->n - 1] - '0' + 1 + benign_next(b) % 9) % 10);
}

static void benign_special(struct benign *b, const char *key)
{
    static const char hex[] = "0123456789abcdef";

    if (strcmp(key, "w") == 0)
        st_buf_str(b->out, benign_words[benign_next(b) % ST_LEN(benign_words)]);
    else if (strcmp(key, "v") == 0)
        st_buf_fmt(b->out, "%u.%u.%u", (unsigned)(benign_next(b) % 30), (unsigned)(benign_next(b) % 20),
                   (unsigned)(benign_next(b) % 300));
    else if (strcmp(key, "date") == 0)
        st_buf_fmt(b->out, "20%02u-%02u-%02u", 10 + (unsigned)(benign_next(b) % 17),
                   1 + (unsigned)(benign_next(b) % 12), 1 + (unsigned)(benign_next(b) % 28));
    else if (strcmp(key, "dedate") == 0)
        st_buf_fmt(b->out, "%02u.%02u.20%02u", 1 + (unsigned)(benign_next(b) % 28), 1 + (unsigned)(benign_next(b) % 12),
                   10 + (unsigned)(benign_next(b) % 17));
    else if (strcmp(key, "time") == 0)
        st_buf_fmt(b->out, "%02u:%02u", (unsigned)(benign_next(b) % 24), (unsigned)(benign_next(b) % 60));
    else if (strcmp(key, "uuid") == 0)
        for (size_t i = 0; i < 5; i++) {
            st_buf_str(b->out, i > 0 ? "-" : "");
            benign_some(b, hex, i == 0 ? 8 : i == 4 ? 12 : 4);
        }
    else if (strcmp(key, "wrongiban") == 0)
        benign_wrong(b, "${fake:iban.de}");
    else if (strcmp(key, "wrongcard") == 0)
        benign_wrong(b, "${fake:card.visa.grouped}");
}

/* {n4}, {hex40}, {b11}, {b64x86}, {UP3}, or one of the words above. */
static void benign_fill(struct benign *b, const char *key)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    if (key[0] == 'n' && flt_is_digit((uint8_t)key[1]))
        benign_number(b, strtoul(key + 1, NULL, 10));
    else if (strncmp(key, "hex", 3) == 0)
        benign_some(b, "0123456789abcdef", strtoul(key + 3, NULL, 10));
    else if (strncmp(key, "b64x", 4) == 0)
        benign_some(b, base64, strtoul(key + 4, NULL, 10));
    else if (key[0] == 'b' && flt_is_digit((uint8_t)key[1]))
        benign_some(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", strtoul(key + 1, NULL, 10));
    else if (strncmp(key, "UP", 2) == 0)
        benign_some(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strtoul(key + 2, NULL, 10));
    else
        benign_special(b, key);
}

static void benign_line(struct benign *b, const char *template)
{
    char key[16];

    for (const char *p = template; *p != '\0'; p++) {
        const char *close = strchr(p, '}');

        if ((*p == '{' || *p == '}') && p[1] == *p) { /* doubled: itself */
            st_buf_byte(b->out, (uint8_t)*p++);
        } else if (*p == '{' && close != NULL && (size_t)(close - p) <= sizeof key) {
            memcpy(key, p + 1, (size_t)(close - p - 1));
            key[close - p - 1] = '\0';
            benign_fill(b, key);
            p = close;
        } else {
            st_buf_byte(b->out, (uint8_t)*p);
        }
    }
}

/* Replaces what out holds. */
static void benign_post(uint64_t n, struct st_buf *out)
{
    struct benign b = { n * 0x2545f4914f6cdd1dull + 1, out };
    size_t lines = 1 + benign_next(&b) % 6;
    bool is_code = benign_next(&b) % 2 == 0;

    st_buf_reset(out);
    for (size_t i = 0; i < lines; i++) {
        if (is_code)
            benign_line(&b, benign_code[benign_next(&b) % ST_LEN(benign_code)]);
        else
            benign_line(&b, benign_prose[benign_next(&b) % ST_LEN(benign_prose)]);
        st_buf_byte(out, is_code ? '\n' : ' ');
    }
}
#endif
