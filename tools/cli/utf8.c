#include "tools/cli/utf8.h"

int kaon_utf8_width(const char *text)
{
    int width = 0;
    for (; text && *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80; /* all but bytes that continue */
    return width;
}
