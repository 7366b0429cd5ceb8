/* Reading JSON with one sentence for whatever is wrong. */
#ifndef KAON_TOOLS_EVAL_JSON_H
#define KAON_TOOLS_EVAL_JSON_H

#include "tools/cli/fail.h"

#include <jansson.h>

/* Parses a text; `name` begins the sentence. The caller drops the reference. */
enum kaon_status kaon_eval_json_parse(json_t **root, const char *text, size_t bytes,
                                      const char *name, struct kaon_msg *msg);

enum kaon_status kaon_eval_json_file(json_t **root, const char *path, struct kaon_msg *msg);

/* Members of an object. One that is absent or null leaves *value as it is; one of another type is
 * refused: "`where`: 'key' must be a number". */
enum kaon_status kaon_eval_json_number(const json_t *object, const char *key, double *value,
                                       const char *where, struct kaon_msg *msg);
enum kaon_status kaon_eval_json_size(const json_t *object, const char *key, size_t *value,
                                     const char *where, struct kaon_msg *msg);
enum kaon_status kaon_eval_json_text(const json_t *object, const char *key, const char **value,
                                     const char *where, struct kaon_msg *msg);

/* The same for an object and a list; *value is NULL if absent. */
enum kaon_status kaon_eval_json_object(const json_t *object, const char *key, json_t **value,
                                       const char *where, struct kaon_msg *msg);
enum kaon_status kaon_eval_json_list(const json_t *object, const char *key, json_t **value,
                                     const char *where, struct kaon_msg *msg);

#endif
