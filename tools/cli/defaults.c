#include "tools/cli/defaults.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/fail.h"
#include "tools/cli/names.h"
#include "tools/cli/nearest.h"

enum { FILES = 2, NAME_ROOM = 128 };

/* One look at all places. */
struct look {
    const char *name;
    const struct kaon_option *options;
    void *into;
    char *path[FILES];         /* NULL: no such file */
    json_t *root[FILES];       /* what is in it */
    const json_t *part[FILES]; /* of it, the command's, or NULL */
    json_t *taken;
    struct kaon_msg *msg;
};

static enum kaon_status no_memory(const struct look *l)
{
    return kaon_cli_fail(l->msg, KAON_NO_MEMORY, "out of memory");
}

/* --help is of the command line only. */
static const struct kaon_option *find(const struct look *l, const char *name)
{
    return strcmp(name, "help") ? kaon_option_find(l->options, name) : NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *type_of(const json_t *value)
{
    static const char *const types[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",
        [JSON_STRING] = "a string",  [JSON_INTEGER] = "a whole number",
        [JSON_REAL] = "a number",    [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return types[json_typeof(value)];
}

static const char *type_wanted(enum kaon_option_kind kind)
{
    static const char *const types[] = {
        [KAON_OPTION_FLAG] = "true or false",
        [KAON_OPTION_INT] = "a whole number",
        [KAON_OPTION_FLOAT] = "a number",
        [KAON_OPTION_STRING] = "a string",
        [KAON_OPTION_LIST] = "a string, a number or a list of them",
        [KAON_OPTION_HEADING] = "nothing",
    };
    return types[kind];
}

/* The value as a word of the command line, or NULL if its type is wrong for the option. */
static json_t *word_of(enum kaon_option_kind kind, const json_t *value)
{
    const bool text = kind == KAON_OPTION_STRING || kind == KAON_OPTION_LIST;
    const bool real = kind == KAON_OPTION_FLOAT || kind == KAON_OPTION_LIST;
    char number[40];
    if (kind == KAON_OPTION_FLAG)
        return json_is_boolean(value) ? json_string(json_is_true(value) ? "true" : "false") : NULL;
    if (text && json_is_string(value))
        return json_string(json_string_value(value));
    if ((real || kind == KAON_OPTION_INT) && json_is_integer(value))
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (real && json_is_real(value))
        snprintf(number, sizeof number, "%.15g", json_real_value(value));
    else
        return NULL;
    return json_string(number);
}

/* The words of a member of a file; NULL with a sentence. */
static json_t *words_of(const struct look *l, const char *path, const struct kaon_option *o,
                        const json_t *value)
{
    const bool many = o->kind == KAON_OPTION_LIST && json_is_array(value);
    const size_t n = many ? json_array_size(value) : 1;
    json_t *words = json_array();
    for (size_t i = 0; i < n; i++) {
        const json_t *one = many ? json_array_get(value, i) : value;
        json_t *word = word_of(o->kind, one);
        if (!word) {
            kaon_cli_fail(l->msg, KAON_BAD_ARGUMENT, "%s: %s.%s must be %s, not %s%s", path,
                          l->name, o->name, type_wanted(o->kind), many ? "a list with " : "",
                          type_of(one));
            json_decref(words);
            return NULL;
        }
        json_array_append_new(words, word);
    }
    return words;
}

/* Sets the option to the words, whose reference is taken, and remembers where they came from. */
static enum kaon_status take(struct look *l, const struct kaon_option *o, json_t *words,
                             const char *from)
{
    struct kaon_msg why = { "" };
    json_t *row = json_pack("{s:s, s:o, s:o}", "option", o->name, "values", words, "from",
                            json_string_nocheck(from));
    if (!row || json_array_append_new(l->taken, row) != 0)
        return no_memory(l);
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        const enum kaon_status status = kaon_option_store(o, l->into, word, &why);
        if (status)
            return kaon_cli_fail(l->msg, status, "%s: %s", from, why.text);
    }
    return KAON_OK;
}

/* ---- files ----------------------------------------------------------------------------------- */

static char *user_path(void)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char *path = NULL;
    if (config && *config == '/') /* others are to be ignored, the standard says */
        return asprintf(&path, "%s/kaon/kaon.json", config) < 0 ? NULL : path;
    if (!home || *home != '/')
        return NULL;
    return asprintf(&path, "%s/.config/kaon/kaon.json", home) < 0 ? NULL : path;
}

static enum kaon_status refuse_command(const struct look *l, const char *path, const char *word)
{
    const char *best = NULL;
    for (const char *const *name = kaon_command_names; *name; name++)
        kaon_nearest_try(word, *name, &best);
    return kaon_cli_fail(l->msg, KAON_BAD_ARGUMENT, "%s: there is no command \"%s\"%s%s%s", path,
                         word, best ? "; did you mean \"" : "", best ? best : "",
                         best ? "\"?" : "");
}

static bool is_command(const char *word)
{
    const char *const *name = kaon_command_names;
    while (*name && strcmp(*name, word))
        name++;
    return *name != NULL;
}

static enum kaon_status refuse_option(const struct look *l, const char *path, const char *word)
{
    const char *best = kaon_option_nearest(l->options, word);
    return kaon_cli_fail(l->msg, KAON_BAD_ARGUMENT, "%s: %s has no option \"%s\"%s%s%s", path,
                         l->name, word, best ? "; did you mean \"" : "", best ? best : "",
                         best ? "\"?" : "");
}

/* Names and types of all that the file says of this command; of others, that there are such. */
static enum kaon_status check_file(struct look *l, size_t i)
{
    const char *key;
    json_t *value;
    if (!json_is_object(l->root[i]))
        return kaon_cli_fail(l->msg, KAON_BAD_ARGUMENT, "%s: must be an object, not %s", l->path[i],
                             type_of(l->root[i]));
    json_object_foreach(l->root[i], key, value)
    {
        if (!is_command(key))
            return refuse_command(l, l->path[i], key);
        if (!json_is_object(value))
            return kaon_cli_fail(l->msg, KAON_BAD_ARGUMENT, "%s: %s must be an object, not %s",
                                 l->path[i], key, type_of(value));
    }
    l->part[i] = json_object_get(l->root[i], l->name);
    json_object_foreach((json_t *)(uintptr_t)l->part[i], key, value)
    {
        const struct kaon_option *o = find(l, key);
        json_t *words = o ? words_of(l, l->path[i], o, value) : NULL;
        if (!o)
            return refuse_option(l, l->path[i], key);
        if (!words)
            return KAON_BAD_ARGUMENT;
        json_decref(words);
    }
    return KAON_OK;
}

static enum kaon_status read_file(struct look *l, size_t i)
{
    json_error_t error;
    struct stat st = { .st_mode = 0 };
    const bool there = l->path[i] && stat(l->path[i], &st) == 0;
    if (there && !S_ISREG(st.st_mode))
        return kaon_cli_fail(l->msg, KAON_BAD_ARGUMENT, "%s: not a regular file", l->path[i]);
    FILE *file = l->path[i] ? fopen(l->path[i], "re") : NULL;
    if (!file) {
        /* a home that is not one's own may be closed */
        const bool none =
            !l->path[i] || errno == ENOENT || errno == ENOTDIR || (i > 0 && errno == EACCES);
        return none ? KAON_OK : kaon_cli_fail_errno(l->msg, l->path[i], errno);
    }
    l->root[i] = json_loadf(file, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    fclose(file);
    if (!l->root[i])
        return kaon_cli_fail(l->msg, KAON_BAD_ARGUMENT, "%s: line %d is not JSON: %s", l->path[i],
                             error.line, error.text);
    return check_file(l, i);
}

/* ---- the environment ------------------------------------------------------------------------- */

/* KAON_EVAL_NO_PROGRESS, or with an empty option KAON_EVAL_. */
static void variable_of(char name[NAME_ROOM], const char *command, const char *option)
{
    snprintf(name, NAME_ROOM, "KAON_%s_%s", command, option);
    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

/* Variables with the command's prefix must be options. */
static enum kaon_status check_environment(const struct look *l)
{
    char prefix[NAME_ROOM], known[NAME_ROOM];
    variable_of(prefix, l->name, "");
    for (char **at = environ; *at; at++) {
        const char *equals = strchr(*at, '='), *best = NULL;
        if (!equals || strncmp(*at, prefix, strlen(prefix)))
            continue;
        char word[NAME_ROOM], option[NAME_ROOM / 2];
        snprintf(word, sizeof word, "%.*s", (int)(equals - *at), *at);
        snprintf(option, sizeof option, "%.*s", NAME_ROOM / 2 - 1, word + strlen(prefix));
        for (char *c = option; *c; c++)
            *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
        best = find(l, option) ? option : kaon_option_nearest(l->options, option);
        variable_of(known, l->name, best ? best : "");
        if (find(l, option) && !strcmp(known, word))
            continue;
        return kaon_cli_fail(l->msg, KAON_BAD_ARGUMENT, "%s: %s has no option --%s%s%s%s", word,
                             l->name, option, best ? "; did you mean " : "", best ? known : "",
                             best ? "?" : "");
    }
    return KAON_OK;
}

/* One value a line for a list; words for yes and no for a flag. NULL without memory. */
static json_t *words_of_variable(const struct kaon_option *o, const char *text)
{
    static const char *const words[][2] = {
        { "1", "true" },  { "yes", "true" }, { "on", "true" },
        { "0", "false" }, { "no", "false" }, { "off", "false" }
    };
    json_t *list = json_array();
    if (o->kind == KAON_OPTION_LIST) {
        for (size_t n; *text; text += n + (text[n] != 0)) {
            n = strcspn(text, "\n");
            if (n)
                json_array_append_new(list, json_stringn_nocheck(text, n));
        }
        return list;
    }
    for (size_t i = 0; o->kind == KAON_OPTION_FLAG && i < sizeof words / sizeof *words; i++)
        if (!strcmp(text, words[i][0]))
            text = words[i][1];
    json_array_append_new(list, json_string_nocheck(text));
    return list;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum kaon_status apply_one(struct look *l, const struct kaon_option *o)
{
    char variable[NAME_ROOM];
    variable_of(variable, l->name, o->name);
    const char *text = getenv(variable);
    if (text && *text)
        return take(l, o, words_of_variable(o, text), variable);
    text = o->variable ? getenv(o->variable) : NULL;
    if (text && *text)
        return KAON_OK;
    for (size_t i = 0; i < FILES; i++) {
        const json_t *value = json_object_get(l->part[i], o->name);
        if (value)
            return take(l, o, words_of(l, l->path[i], o, value), l->path[i]);
    }
    return KAON_OK;
}

enum kaon_status kaon_defaults_apply(const char *name, const struct kaon_option *options,
                                     const bool *given, void *into, json_t **taken,
                                     struct kaon_msg *msg)
{
    struct look l = { .name = name, .options = options, .into = into, .msg = msg };
    enum kaon_status status = KAON_OK;
    l.path[0] = strdup("kaon.json");
    l.path[1] = user_path();
    *taken = l.taken = json_array();
    if (!l.path[0] || !l.taken)
        status = no_memory(&l);
    for (size_t i = 0; !status && i < FILES; i++)
        status = read_file(&l, i);
    if (!status)
        status = check_environment(&l);
    for (size_t i = 0; !status && options[i].name; i++)
        if (!given[i] && options[i].kind != KAON_OPTION_HEADING && find(&l, options[i].name))
            status = apply_one(&l, &options[i]);
    for (size_t i = 0; i < FILES; i++) {
        json_decref(l.root[i]);
        free(l.path[i]);
    }
    return status;
}
