/* Text in UTF-8. */
#ifndef KAON_TOOLS_CLI_UTF8_H
#define KAON_TOOLS_CLI_UTF8_H

/* Characters of a text, one a column for the scripts that names are written in here; NULL has none. */
int kaon_utf8_width(const char *text);

#endif
