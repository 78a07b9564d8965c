/* SPDX-License-Identifier: Apache-2.0 */
/* docs_man - `stoa docs man`: the manual page stoa(1), from the table of commands and the list of exit codes that the
 * program itself uses. docs/stoa.1 is its output.
 */
#include "cli/cli.h"

static void put_text(struct st_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '-')
            st_buf_str(out, "\\-");
        else if (*text == '\\')
            st_buf_str(out, "\\e");
        else
            st_buf_byte(out, (uint8_t)*text);
    }
}

/* \& in front: roff takes the line for text, whatever it begins with. */
static void put_item(struct st_buf *out, const char *term, const char *arguments, const char *text)
{
    st_buf_str(out, ".TP\n\\fB");
    put_text(out, term);
    st_buf_str(out, *arguments != '\0' ? "\\fR " : "\\fR");
    put_text(out, arguments);
    st_buf_str(out, "\n\\&");
    put_text(out, text);
    st_buf_byte(out, '\n');
}

static void put_commands(struct st_buf *out)
{
    static const struct {
        const char *words, *arguments, *summary;
    } commands[] = {
#define COMMAND(words, function, arguments, summary) { words, arguments, summary },
#include "cli/commands.def"
#undef COMMAND
    };

    st_buf_str(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < ST_LEN(commands); i++)
        put_item(out, commands[i].words, commands[i].arguments, commands[i].summary);
}

void docs_man(struct st_buf *out)
{
    st_buf_str(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n.\\\" Made by `stoa docs man`, not for editing.\n"
                    ".TH STOA 1 \"\" \"Stoa\" \"Stoa\"\n.SH NAME\n"
                    "stoa \\- look after a Stoa gateway, and find what should not leave\n.SH SYNOPSIS\n"
                    "\\fBstoa\\fR [\\-\\-config FILE] [\\-\\-json] [\\-\\-lang en|de] COMMAND ...\n.SH OPTIONS\n"
                    "They may stand anywhere.\n");
    put_item(out, "--config", "FILE", "the configuration; else $STOA_CONFIG, else /etc/stoa/stoa.yaml");
    put_item(out, "--json", "", "all that goes to standard output is JSON");
    put_item(out, "--lang", "en|de", "of what is said to people: names of detectors, messages of policies");
    put_commands(out);
    st_buf_str(out, ".SH EXIT STATUS\n");
#define X(id, code, meaning) put_item(out, #code, "", meaning);
    CLI_EXITS(X)
#undef X
    st_buf_str(out, ".SH SEE ALSO\n\\fBstoa\\-lua\\fR(7)\n");
}
