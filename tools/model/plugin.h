/* Attention plug-ins from shared objects. */
#ifndef KAON_TOOLS_MODEL_PLUGIN_H
#define KAON_TOOLS_MODEL_PLUGIN_H

#include "engine/kaon.h"
#include "tools/cli/option.h"

struct kaon_plugins {
    const struct kaon_attention_plugin **at; /* theirs, for as long as the program runs */
    size_t n;
};

/* Loads each file and takes what it exports as kaon_attention_plugin. To be freed in either case. */
enum kaon_status kaon_plugins_load(struct kaon_plugins *plugins, const struct kaon_words *files,
                                   struct kaon_msg *msg);

void kaon_plugins_free(struct kaon_plugins *plugins);

#endif
