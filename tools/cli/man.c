#include "tools/cli/man.h"

#include <string.h>

/* What stands for a letter that roff would take as its own, or as a typographer's. */
static const char *escape_of(char c)
{
    static const struct {
        char c;
        const char *escape;
    } escapes[] = { { '\\', "\\(rs" }, { '-', "\\-" },   { '\'', "\\(aq" },
                    { '^', "\\(ha" },  { '~', "\\(ti" }, { '`', "\\(ga" } };
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (escapes[i].c == c)
            return escapes[i].escape;
    return NULL;
}

/* Running text: a new line of it begins no request, whatever its first letter is. */
static void print_text(struct kaon_out *out, const char *text)
{
    if (*text == '.')
        kaon_out_printf(out, "\\&");
    for (; *text; text++) {
        const char *escape = escape_of(*text);
        if (escape)
            kaon_out_printf(out, "%s", escape);
        else
            kaon_out_write(out, *text == '\n' ? " " : text, 1);
    }
}

static void print_font(struct kaon_out *out, char font, const char *text)
{
    kaon_out_printf(out, "\\f%c", font);
    print_text(out, text);
    kaon_out_printf(out, "\\fR");
}

static void print_heading(struct kaon_out *out, const char *macro, const char *text)
{
    kaon_out_printf(out, ".%s \"", macro);
    print_text(out, text);
    kaon_out_printf(out, "\"\n");
}

/* A paragraph under a tag; what follows on the same line is the tag's end. */
static void print_tagged(struct kaon_out *out, const char *tag, const char *text)
{
    kaon_out_printf(out, ".TP\n");
    print_font(out, 'B', tag);
    kaon_out_printf(out, "\n");
    print_text(out, text);
    kaon_out_printf(out, "\n");
}

static char upper_of(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static void print_title(struct kaon_out *out, const char *command, const char *version)
{
    kaon_out_printf(out, ".TH \"KAON%s", *command ? "\\-" : "");
    for (; *command; command++)
        kaon_out_printf(out, "%c", upper_of(*command));
    kaon_out_printf(out, "\" 1 \"\" \"kaon %s\" \"User Commands\"\n", version);
}

static void print_option(struct kaon_out *out, const struct kaon_option *o)
{
    kaon_out_printf(out, ".TP\n");
    if (o->letter)
        kaon_out_printf(out, "\\fB\\-%c\\fR, ", o->letter);
    kaon_out_printf(out, "\\fB\\-\\-");
    print_text(out, o->name);
    kaon_out_printf(out, "\\fR");
    if (o->argument) {
        kaon_out_printf(out, " ");
        print_font(out, 'I', o->argument);
    }
    if (kaon_option_repeats(o))
        kaon_out_printf(out, " ...");
    kaon_out_printf(out, "\n");
    print_text(out, o->help);
    kaon_out_printf(out, "\n");
}

static void print_options(struct kaon_out *out, const struct kaon_option *o)
{
    kaon_out_printf(out, ".SH OPTIONS\n");
    for (; o->name; o++)
        if (o->kind == KAON_OPTION_HEADING)
            print_heading(out, "SS", o->help);
        else
            print_option(out, o);
}

static void print_exits(struct kaon_out *out)
{
    kaon_out_printf(out, ".SH EXIT STATUS\n");
    for (const struct kaon_exit_meaning *e = kaon_exit_meanings; e->what; e++)
        kaon_out_printf(out, ".TP\n\\fB%d\\fR\n%s\n", e->status, e->what);
}

/* Each usage as it stands in the help, the program's name and the command bold. */
static void print_synopsis(struct kaon_out *out, const struct kaon_spec *spec)
{
    const size_t n = strlen(spec->name);
    kaon_out_printf(out, ".SH SYNOPSIS\n");
    for (const char *const *u = spec->usage; *u; u++) {
        kaon_out_printf(out, u == spec->usage ? "" : ".br\n");
        kaon_out_printf(out, "\\fBkaon ");
        print_text(out, spec->name);
        kaon_out_printf(out, "\\fR");
        print_text(out, *u + (strncmp(*u, spec->name, n) ? 0 : n));
        kaon_out_printf(out, "\n");
    }
}

static void print_examples(struct kaon_out *out, const struct kaon_example *example)
{
    kaon_out_printf(out, ".SH EXAMPLES\n");
    for (; example->command; example++)
        print_tagged(out, example->command, example->what);
}

/* Where options come from that the command line does not give; see defaults.h. `part` is of the names of
 * variables. */
static void print_places(struct kaon_out *out, const char *part, const struct kaon_option *o)
{
    kaon_out_printf(out,
                    ".SH ENVIRONMENT\n.TP\n\\fBKAON_%s_\\fR\\fIOPTION\\fR\n"
                    "Value of an option that the command line does not give, its name in capitals "
                    "with _ for \\-; of a flag 1 or 0, of a list one value a line.\n",
                    part);
    for (; o && o->name; o++)
        if (o->variable)
            kaon_out_printf(out, ".TP\n\\fB%s\\fR\nThe same for \\fB\\-\\-%s\\fR of any command.\n",
                            o->variable, o->name);
    kaon_out_printf(out, ".TP\n\\fBNO_COLOR\\fR\nNo colour if it is set and not empty.\n"
                         ".SH FILES\n.TP\n\\fBkaon.json\\fR\n"
                         "in the current folder: options by command that neither the command line "
                         "nor the environment gives, as in "
                         "{ \"eval\": { \"threads\": 2, \"cut\": [\"pt > 50\"] } }.\n"
                         ".TP\n\\fB$XDG_CONFIG_HOME/kaon/kaon.json\\fR\n"
                         "by default \\(ti/.config/kaon/kaon.json: the same, of lower rank.\n");
}

void kaon_man_command(const struct kaon_spec *spec, const char *version, struct kaon_out *out)
{
    print_title(out, spec->name, version);
    kaon_out_printf(out, ".SH NAME\nkaon\\-");
    print_text(out, spec->name);
    kaon_out_printf(out, " \\- ");
    print_text(out, spec->summary);
    kaon_out_printf(out, "\n");
    print_synopsis(out, spec);
    if (spec->notes) {
        kaon_out_printf(out, ".SH DESCRIPTION\n");
        print_text(out, spec->notes);
        kaon_out_printf(out, "\n");
    }
    print_options(out, spec->options);
    print_examples(out, spec->examples);
    print_exits(out);
    char part[32];
    snprintf(part, sizeof part, "%s", spec->name);
    for (char *c = part; *c; c++)
        *c = upper_of(*c);
    print_places(out, part, spec->options);
    kaon_out_printf(out, ".SH SEE ALSO\n.BR kaon (1)\n");
}

void kaon_man_program(const struct kaon_spec *const *specs, const char *version,
                      struct kaon_out *out)
{
    print_title(out, "", version);
    kaon_out_printf(out, ".SH NAME\nkaon \\- run ONNX models on x86 CPUs\n"
                         ".SH SYNOPSIS\n\\fBkaon\\fR \\fICOMMAND\\fR [options] ...\n"
                         ".SH DESCRIPTION\nRuns ONNX transformers, such as the taggers of jets of "
                         "particle physics, and evaluates taggers on files of jets.\n"
                         "Results go to standard output, words to standard error.\n"
                         ".SH COMMANDS\n");
    for (const struct kaon_spec *const *s = specs; *s; s++) {
        kaon_out_printf(out, ".TP\n.BR kaon\\-%s (1)\n", (*s)->name);
        print_text(out, (*s)->summary);
        kaon_out_printf(out, "\n");
    }
    print_exits(out);
    print_places(out, "\\fICOMMAND\\fB", NULL);
    kaon_out_printf(out, ".SH SEE ALSO\n");
    for (const struct kaon_spec *const *s = specs; *s; s++)
        kaon_out_printf(out, ".BR kaon\\-%s (1)%s\n", (*s)->name, s[1] ? "," : "");
}
