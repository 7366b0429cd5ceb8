/* What an evaluation learnt from models and small files before it ran: kept, so that shards can be
 * joined where neither model nor data are. Recorded by a run, replayed by a merge. */
#ifndef KAON_TOOLS_EVAL_SEEN_H
#define KAON_TOOLS_EVAL_SEEN_H

#include "tools/eval/pool.h"
#include "tools/eval/spec.h"
#include "tools/eval/stored.h"

#include <jansson.h>

/* root has "files" (path: JSON), "fields" (path: names), "models" (path: what a model says of itself)
 * and "entries" (in order: sample, data). NULL everywhere below: nothing is kept. */
struct eval_seen {
    json_t *root;
    bool replay; /* answers come from root alone */
};

enum kaon_status kaon_eval_seen_begin(struct eval_seen *seen, struct kaon_msg *msg);
void kaon_eval_seen_close(struct eval_seen *seen);

/* A file of JSON, and whether it is there. The caller drops the reference. */
enum kaon_status kaon_eval_seen_json(struct eval_seen *seen, json_t **root, const char *path,
                                     struct kaon_msg *msg);
bool kaon_eval_seen_exists(const struct eval_seen *seen, const char *path);

/* The fields of a file of jets. */
enum kaon_status kaon_eval_seen_fields(struct eval_seen *seen, struct eval_stored *stored,
                                       const char *path, struct eval_pool *pool,
                                       struct kaon_msg *msg);

/* What a model says of itself, and the digest of its file: kept, and given back. Strings that are given
 * back live as long as root. */
enum kaon_status kaon_eval_seen_keep_model(struct eval_seen *seen, const struct eval_ports *ports,
                                           const char *sha256, struct kaon_msg *msg);
enum kaon_status kaon_eval_seen_model(const struct eval_seen *seen, struct eval_ports *ports,
                                      const char **sha256, struct eval_pool *pool,
                                      struct kaon_msg *msg);

#endif
