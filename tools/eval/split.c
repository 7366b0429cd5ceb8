#include "tools/eval/split.h"

#include <string.h>

const char **kaon_eval_split(struct eval_pool *pool, const struct kaon_words *given,
                             bool keep_empty, size_t *n)
{
    size_t most = 0;
    for (size_t i = 0; i < given->n; i++)
        most += strlen(given->word[i]) + 1;
    const char **list = kaon_eval_pool_take(pool, most + 1, sizeof *list);
    *n = 0;
    for (size_t i = 0; list && i < given->n; i++) {
        char *rest = kaon_eval_pool_text(pool, given->word[i]);
        if (!rest)
            return NULL;
        for (char *word; (word = strsep(&rest, ",")) != NULL;)
            if (*word || keep_empty)
                list[(*n)++] = word;
    }
    return list;
}
