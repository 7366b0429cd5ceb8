#include "tools/cli/option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/fail.h"
#include "tools/cli/nearest.h"

const struct kaon_option *kaon_option_find(const struct kaon_option *options, const char *name)
{
    for (; options->name; options++)
        if (options->kind != KAON_OPTION_HEADING && !strcmp(options->name, name))
            return options;
    return NULL;
}

bool kaon_option_repeats(const struct kaon_option *option)
{
    return option->kind == KAON_OPTION_LIST && !strstr(option->argument, "...");
}

size_t kaon_option_count(const struct kaon_option *options)
{
    size_t n = 0;
    while (options[n].name)
        n++;
    return n;
}

const char *kaon_option_nearest(const struct kaon_option *options, const char *name)
{
    const char *best = NULL;
    for (; options->name; options++)
        if (options->kind != KAON_OPTION_HEADING)
            kaon_nearest_try(name, options->name, &best);
    return best;
}

/* One walk over argv. */
struct walk {
    const struct kaon_option *options;
    int argc, at; /* at: the word that is being read */
    char **argv;
    void *into;
    bool *given; /* or NULL */
    struct kaon_msg *msg;
};

static enum kaon_status push(struct kaon_words *list, const char *word, struct kaon_msg *msg)
{
    const char **grown = realloc(list->word, (list->n + 1) * sizeof *grown);
    if (!grown)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the arguments");
    list->word = grown;
    list->word[list->n++] = word;
    return KAON_OK;
}

bool kaon_parse_int(const char *text, int64_t *value)
{
    char *end;
    if (*text != '-' && *text != '+' && (*text < '0' || *text > '9'))
        return false; /* strtoll would skip white space */
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end)
        return false;
    *value = v;
    return true;
}

bool kaon_parse_float(const char *text, double *value)
{
    char *end;
    if (!*text || strchr(" \t\n\v\f\r", *text))
        return false;
    errno = 0;
    const double v = strtod(text, &end);
    if ((errno && (v > 1 || v < -1)) || end == text || *end)
        return false; /* a value too small to hold is taken as what it rounds to */
    *value = v;
    return true;
}

bool kaon_option_pair(const char *text, char *name, size_t room, const char **value)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || (size_t)(equals - text) >= room)
        return false;
    memcpy(name, text, (size_t)(equals - text));
    name[equals - text] = 0;
    *value = equals + 1;
    return true;
}

static enum kaon_status store_int(const struct kaon_option *o, const char *text, int64_t *to,
                                  struct kaon_msg *msg)
{
    int64_t v;
    if (!kaon_parse_int(text, &v))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--%s: \"%s\" is not a whole number", o->name,
                             text);
    if ((o->min || o->max) && (v < o->min || v > o->max))
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                             "--%s: %" PRId64 " is outside %" PRId64 " to %" PRId64, o->name, v,
                             o->min, o->max);
    *to = v;
    return KAON_OK;
}

static enum kaon_status store_flag(const struct kaon_option *o, const char *text, bool *to,
                                   struct kaon_msg *msg)
{
    *to = !strcmp(text, "true");
    if (*to || !strcmp(text, "false"))
        return KAON_OK;
    return kaon_cli_fail(msg, KAON_BAD_ARGUMENT,
                         "--%s takes no value, or true or false, but not \"%s\"", o->name, text);
}

enum kaon_status kaon_option_store(const struct kaon_option *o, void *into, const char *text,
                                   struct kaon_msg *msg)
{
    void *to = (char *)into + o->offset;
    switch (o->kind) {
    case KAON_OPTION_FLAG:
        return store_flag(o, text, to, msg);
    case KAON_OPTION_INT:
        return store_int(o, text, to, msg);
    case KAON_OPTION_FLOAT:
        if (!kaon_parse_float(text, to))
            return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "--%s: \"%s\" is not a number", o->name,
                                 text);
        return KAON_OK;
    case KAON_OPTION_STRING:
        *(const char **)to = text;
        return KAON_OK;
    case KAON_OPTION_LIST:
        return push(to, text, msg);
    case KAON_OPTION_HEADING:
        break;
    }
    return kaon_cli_fail(msg, KAON_BAD_STATE, "--%s: no such kind of option", o->name);
}

static enum kaon_status store(const struct walk *w, const struct kaon_option *o, const char *text)
{
    if (w->given)
        w->given[o - w->options] = true;
    return kaon_option_store(o, w->into, text, w->msg);
}

/* The option's value: what is attached to it, or the next word. */
static enum kaon_status take_value(struct walk *w, const struct kaon_option *o,
                                   const char *attached, const char **value)
{
    *value = attached;
    if (attached)
        return KAON_OK;
    if (w->at + 1 >= w->argc)
        return kaon_cli_fail(w->msg, KAON_BAD_ARGUMENT, "--%s needs a value: --%s %s", o->name,
                             o->name, o->argument);
    *value = w->argv[++w->at];
    return KAON_OK;
}

static enum kaon_status unknown_option(const struct walk *w, const char *name)
{
    const char *best = kaon_option_nearest(w->options, name);
    if (best)
        return kaon_cli_fail(w->msg, KAON_BAD_ARGUMENT, "unknown option --%s; did you mean --%s?",
                             name, best);
    return kaon_cli_fail(w->msg, KAON_BAD_ARGUMENT, "unknown option --%s", name);
}

static enum kaon_status read_long(struct walk *w, const char *word, const struct kaon_option **hit)
{
    char name[64];
    const char *value = NULL;

    if (!kaon_option_pair(word, name, sizeof name, &value)) {
        if (strlen(word) >= sizeof name || *word == '=')
            return kaon_cli_fail(w->msg, KAON_BAD_ARGUMENT, "unknown option --%.60s", word);
        strcpy(name, word);
    }
    const struct kaon_option *o = kaon_option_find(w->options, name);
    if (!o)
        return unknown_option(w, name);
    if (o->kind == KAON_OPTION_FLAG && !value)
        value = "true";
    if (o->kind != KAON_OPTION_FLAG) {
        const enum kaon_status st = take_value(w, o, value, &value);
        if (st != KAON_OK)
            return st;
    }
    *hit = o;
    return store(w, o, value);
}

/* A cluster of letters: flags, the last of which may be an option with a value. */
static enum kaon_status read_short(struct walk *w, const char *word, const struct kaon_option **hit)
{
    for (; *word; word++) {
        const struct kaon_option *o = w->options;
        const char *value = NULL;
        while (o->name && o->letter != *word)
            o++;
        if (!o->name)
            return kaon_cli_fail(w->msg, KAON_BAD_ARGUMENT, "unknown option -%c", *word);
        *hit = o;
        if (o->kind != KAON_OPTION_FLAG) {
            const enum kaon_status st = take_value(w, o, word[1] ? word + 1 : NULL, &value);
            return st != KAON_OK ? st : store(w, o, value);
        }
        const enum kaon_status st = store(w, o, "true");
        if (st != KAON_OK || !strcmp(o->name, "help"))
            return st;
    }
    return KAON_OK;
}

enum kaon_status kaon_options_parse(const struct kaon_option *options, int argc, char **argv,
                                    void *into, bool *given, struct kaon_words *positional,
                                    struct kaon_msg *msg)
{
    struct walk w = { options, argc, 1, argv, into, given, msg };
    enum kaon_status st = KAON_OK;
    bool words_only = false;

    *positional = (struct kaon_words){ 0 };
    for (; st == KAON_OK && w.at < argc; w.at++) {
        const char *word = argv[w.at];
        const struct kaon_option *hit = NULL;
        if (words_only || word[0] != '-' || !word[1])
            st = push(positional, word, msg);
        else if (!strcmp(word, "--"))
            words_only = true;
        else if (word[1] == '-')
            st = read_long(&w, word + 2, &hit);
        else
            st = read_short(&w, word + 1, &hit);
        if (hit && !strcmp(hit->name, "help"))
            break;
    }
    return st;
}

void kaon_options_free(const struct kaon_option *options, void *into, struct kaon_words *positional)
{
    for (const struct kaon_option *o = options; o->name; o++) {
        if (o->kind != KAON_OPTION_LIST)
            continue;
        struct kaon_words *list = (void *)((char *)into + o->offset);
        free(list->word);
        *list = (struct kaon_words){ 0 };
    }
    free(positional->word);
    *positional = (struct kaon_words){ 0 };
}
