/* The data files of tools/eval/categories/ and page/, built into the program by embed.cmake. */
#ifndef KAON_TOOLS_EVAL_EMBEDDED_H
#define KAON_TOOLS_EVAL_EMBEDDED_H

struct eval_embedded {
    const char *name; /* of the file, without ".json"; NULL ends the list */
    const char *text;
};

extern const struct eval_embedded kaon_eval_embedded[];

#endif
