#include "tools/cli/command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/defaults.h"
#include "tools/cli/fail.h"

enum { WIDTH = 79, HELP_COLUMN = 26 };

/* Words of `text` from column `at` on, broken before WIDTH and continued at `indent`. */
static void wrap(struct kaon_out *out, const char *text, int at, int indent)
{
    while (*text) {
        const int n = (int)strcspn(text, " \n");
        if (at > indent && at + 1 + n > WIDTH) {
            kaon_out_printf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            kaon_out_printf(out, " ");
            at++;
        }
        kaon_out_printf(out, "%.*s", n, text);
        at += n;
        text += n;
        text += strspn(text, " \n");
    }
    kaon_out_printf(out, "\n");
}

static void help_option(struct kaon_out *out, const struct kaon_option *o)
{
    char left[64];
    const char letter[] = { '-', o->letter, ',', 0 };
    int n = snprintf(left, sizeof left, "  %3s --%s%s%s%s", o->letter ? letter : "", o->name,
                     o->argument ? " " : "", o->argument ? o->argument : "",
                     kaon_option_repeats(o) ? " ..." : "");

    kaon_out_printf(out, "%s", left);
    if (n + 2 > HELP_COLUMN) {
        kaon_out_printf(out, "\n");
        n = 0;
    }
    kaon_out_printf(out, "%*s", HELP_COLUMN - n, "");
    wrap(out, o->help, HELP_COLUMN, HELP_COLUMN);
}

void kaon_help_print(const struct kaon_spec *spec, struct kaon_out *out)
{
    kaon_out_printf(out, "kaon %s: %s\n\nUsage:\n", spec->name, spec->summary);
    for (const char *const *u = spec->usage; *u; u++)
        kaon_out_printf(out, "  kaon %s\n", *u);
    kaon_out_printf(out, "\nExamples:\n");
    for (const struct kaon_example *e = spec->examples; e->command; e++) {
        kaon_out_printf(out, "  %s\n      ", e->command);
        wrap(out, e->what, 6, 6);
    }
    if (spec->options->kind != KAON_OPTION_HEADING)
        kaon_out_printf(out, "\nOptions:\n");
    for (const struct kaon_option *o = spec->options; o->name; o++)
        if (o->kind == KAON_OPTION_HEADING)
            kaon_out_printf(out, "\n%s:\n", o->help);
        else
            help_option(out, o);
    if (spec->notes) {
        kaon_out_printf(out, "\n");
        wrap(out, spec->notes, 0, 0);
    }
}

int kaon_usage_error(const struct kaon_spec *spec, const struct kaon_say *say, const char *format,
                     ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    kaon_say_error(say, "%s", text);
    fprintf(say->to, "Try: kaon %s --help\n", spec->name);
    return KAON_EXIT_USAGE;
}

static bool count_fits(const struct kaon_spec *spec, const struct kaon_words *args,
                       const struct kaon_say *say)
{
    if (args->n < spec->min_args)
        kaon_usage_error(spec, say, "%s: %s is missing", spec->name, spec->argument);
    else if (args->n > spec->max_args)
        kaon_usage_error(spec, say, "%s: \"%s\" is one argument too many", spec->name,
                         args->word[spec->max_args]);
    else
        return true;
    return false;
}

/* Where options come from that the command line does not give. */
static void say_configured(const struct kaon_say *say, const json_t *configured)
{
    size_t i, k;
    json_t *row, *value;
    json_array_foreach(configured, i, row) json_array_foreach(json_object_get(row, "values"), k,
                                                              value)
        kaon_say_note(say, "%s: --%s=%s", json_string_value(json_object_get(row, "from")),
                      json_string_value(json_object_get(row, "option")), json_string_value(value));
}

static void set_say(struct kaon_say *say, const struct kaon_common *common)
{
    say->color = say->color && !common->no_color;
    say->quiet = common->quiet;
    say->verbose = common->verbose;
}

/* The command line, then what it leaves out; an exit status. */
static int parse(const struct kaon_spec *spec, int argc, char **argv, void *into,
                 struct kaon_common *common, struct kaon_words *args, struct kaon_say *say)
{
    struct kaon_msg msg = { "" };
    bool *given = calloc(kaon_option_count(spec->options) + 1, sizeof *given);
    enum kaon_status st = given ? KAON_OK : kaon_cli_fail(&msg, KAON_NO_MEMORY, "out of memory");

    *args = (struct kaon_words){ 0 };
    if (st == KAON_OK)
        st = kaon_options_parse(spec->options, argc, argv, into, given, args, &msg);
    set_say(say, common);
    const bool usage = st == KAON_BAD_ARGUMENT;
    if (st == KAON_OK && !common->help)
        st = kaon_defaults_apply(spec->name, spec->options, given, into, &common->configured, &msg);
    free(given);
    set_say(say, common);
    if (usage)
        return kaon_usage_error(spec, say, "%s: %s", spec->name, msg.text);
    if (st == KAON_OK)
        say_configured(say, common->configured);
    return kaon_say_status(say, st, &msg);
}

bool kaon_command_begin(const struct kaon_spec *spec, int argc, char **argv, void *into,
                        struct kaon_common *common, struct kaon_words *args, struct kaon_say *say,
                        int *status)
{
    *say = kaon_say_stderr();
    *status = parse(spec, argc, argv, into, common, args, say);
    if (*status != KAON_EXIT_OK)
        return false;
    if (common->help) {
        struct kaon_out out = kaon_out_stdout();
        kaon_help_print(spec, &out);
        *status = kaon_out_end(&out, say, KAON_EXIT_OK);
        return false;
    }
    if (count_fits(spec, args, say))
        return true;
    *status = KAON_EXIT_USAGE;
    return false;
}

void kaon_command_end(const struct kaon_spec *spec, void *into, struct kaon_common *common,
                      struct kaon_words *args)
{
    json_t *configured = common->configured; /* options point into it */
    kaon_options_free(spec->options, into, args);
    json_decref(configured);
    common->configured = NULL;
}
