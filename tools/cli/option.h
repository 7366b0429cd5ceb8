/* Options of a command, declared once in a table that feeds the parser and --help.
 *
 *     struct my_options { bool json; int64_t repeat; };
 *     static const struct kaon_option options[] = {
 *         { "json", 0, KAON_OPTION_FLAG, NULL, "one JSON object",
 *           offsetof(struct my_options, json) },
 *         { "repeat", 'n', KAON_OPTION_INT, "N", "run N times",
 *           offsetof(struct my_options, repeat), 1, 1000 },
 *         { NULL }
 *     };
 *
 * Options and positional arguments may stand in any order, "--" ends the options, values follow as
 * "--name=value", "--name value", "-nvalue" or "-n value"; a flag may be spelled "--name=false", for where it is set otherwise. Long
 * names are never abbreviated. */
#ifndef KAON_TOOLS_CLI_OPTION_H
#define KAON_TOOLS_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kaon.h"

/* Kind of an option, and the type at its destination. */
enum kaon_option_kind {
    KAON_OPTION_FLAG,   /* bool */
    KAON_OPTION_INT,    /* int64_t */
    KAON_OPTION_FLOAT,  /* double */
    KAON_OPTION_STRING, /* const char *, into argv */
    KAON_OPTION_LIST,   /* struct kaon_words: the option may be repeated */
    KAON_OPTION_HEADING /* of the rows that follow, in the help; nothing that can be given */
};

/* A growing list of words that live in argv. */
struct kaon_words {
    const char **word;
    size_t n;
};

struct kaon_option {
    const char *name; /* long name; NULL ends a table */
    char letter;      /* 0: none */
    enum kaon_option_kind kind;
    const char *argument; /* its name in the help; NULL for a flag */
    const char *help;
    size_t offset;        /* of the destination in the command's struct */
    int64_t min, max;     /* of an int; both 0: any */
    const char *variable; /* of the environment, that the library reads itself; or NULL */
    const char *choices;  /* words that it takes, with blanks between, for completion; NULL: any */
};

/* Rows of a table without a heading before them are under "Options". */
#define KAON_HEADING(text)                                                                         \
    {                                                                                              \
        "", 0, KAON_OPTION_HEADING, NULL, text, 0                                                  \
    }

/* The option of that long name, or NULL. */
const struct kaon_option *kaon_option_find(const struct kaon_option *options, const char *name);

/* Whether the help shows that it may be given again; an argument "A,..." shows as much itself. */
bool kaon_option_repeats(const struct kaon_option *option);

/* The long name that was probably meant, or NULL. */
const char *kaon_option_nearest(const struct kaon_option *options, const char *name);

/* Rows of the table, headings too. */
size_t kaon_option_count(const struct kaon_option *options);

/* Sets one option of the struct at `into` to a word: of a flag, true or false. A list grows. */
enum kaon_status kaon_option_store(const struct kaon_option *option, void *into, const char *word,
                                   struct kaon_msg *msg);

/* Parses argv[1..argc-1] into the struct at `into`, whose members hold the defaults, and collects
 * the positional arguments. Marks in `given`, unless it is NULL, the rows of options that are there. Stops early, with success, at an option named "help". On failure (wrong
 * usage: KAON_BAD_ARGUMENT, or no memory) msg has the sentence. `positional` and the lists in
 * `into` must be freed in either case. */
enum kaon_status kaon_options_parse(const struct kaon_option *options, int argc, char **argv,
                                    void *into, bool *given, struct kaon_words *positional,
                                    struct kaon_msg *msg);

/* Frees the lists in `into` and the positional arguments. */
void kaon_options_free(const struct kaon_option *options, void *into,
                       struct kaon_words *positional);

/* Splits "NAME=VALUE" at the first '='. The name is copied to `name`; false if there is no '=', the
 * name is empty or does not fit. */
bool kaon_option_pair(const char *text, char *name, size_t room, const char **value);

/* Whole-word numbers: false if `text` is anything but one number in range. */
bool kaon_parse_int(const char *text, int64_t *value);
bool kaon_parse_float(const char *text, double *value);

#endif
