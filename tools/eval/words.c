#include "tools/eval/words.h"

#include "tools/cli/fail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options that say how it is computed and what is shown: parts of one evaluation may differ in them, and
 * kaon merge has its own. */
static const char *const left_out[] = {
    "out",          "report",  "plots",       "plot-formats", "no-plots", "force",   "json",
    "details",      "plain",   "no-progress", "threads",      "batch",    "cpu",     "shard",
    "slurm-script", "verbose", "quiet",       "no-color",     "help",     "explain",
};

static bool is_left_out(const char *name)
{
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (!strcmp(left_out[i], name))
            return true;
    return false;
}

static void add(json_t *list, const char *name, const char *value)
{
    char *word = NULL;
    if (asprintf(&word, value ? "--%s=%s" : "--%s", name, value) < 0)
        return;
    json_array_append_new(list, json_string(word));
    free(word);
}

static void add_option(json_t *list, const struct kaon_option *option, const void *at,
                       const void *otherwise)
{
    char number[40];
    switch (option->kind) {
    case KAON_OPTION_FLAG:
        if (*(const bool *)at)
            add(list, option->name, NULL);
        break;
    case KAON_OPTION_INT:
        snprintf(number, sizeof number, "%" PRId64, *(const int64_t *)at);
        if (*(const int64_t *)at != *(const int64_t *)otherwise)
            add(list, option->name, number);
        break;
    case KAON_OPTION_FLOAT:
        snprintf(number, sizeof number, "%.17g", *(const double *)at);
        if (memcmp(at, otherwise, sizeof(double)))
            add(list, option->name, number);
        break;
    case KAON_OPTION_STRING:
        if (*(const char *const *)at)
            add(list, option->name, *(const char *const *)at);
        break;
    case KAON_OPTION_LIST:
        for (size_t i = 0; i < ((const struct kaon_words *)at)->n; i++)
            add(list, option->name, ((const struct kaon_words *)at)->word[i]);
        break;
    case KAON_OPTION_HEADING:
        break;
    }
}

json_t *kaon_eval_words(const struct eval_options *o, const struct kaon_words *arguments)
{
    const struct eval_options defaults = KAON_EVAL_DEFAULTS;
    json_t *list = json_array();
    for (const struct kaon_option *option = kaon_eval_command.options; option->name; option++)
        if (!is_left_out(option->name))
            add_option(list, option, (const char *)o + option->offset,
                       (const char *)&defaults + option->offset);
    json_array_append_new(list, json_string("--"));
    for (size_t i = 0; i < arguments->n; i++)
        json_array_append_new(list, json_string(arguments->word[i]));
    return list;
}

enum kaon_status kaon_eval_words_parse(const json_t *words, struct eval_options *o,
                                       struct kaon_words *arguments, struct kaon_msg *msg)
{
    const size_t n = json_array_size(words);
    char **argv = calloc(n + 2, sizeof *argv);
    enum kaon_status status = argv ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; !status && i < n; i++) {
        argv[i + 1] = (char *)(uintptr_t)json_string_value(json_array_get(words, i));
        if (!argv[i + 1])
            status = kaon_cli_fail(msg, KAON_BAD_INPUT, "the shards do not say what they are of");
    }
    if (!status)
        status = kaon_options_parse(kaon_eval_command.options, (int)n + 1, argv, o, NULL, arguments,
                                    msg);
    free(argv);
    return status == KAON_BAD_ARGUMENT ? KAON_BAD_INPUT : status;
}
