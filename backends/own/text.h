/* Operators of numbers that take strings too. */
#ifndef KAON_BACKENDS_OWN_TEXT_H
#define KAON_BACKENDS_OWN_TEXT_H

#include "backends/own/own.h"

/* Equal of strings. */
enum kaon_status kaon_text_equal_prepare(struct kaon_step *step, struct kaon_msg *msg);

#endif
