#include "tools/cli/standard.h"

#include <fcntl.h>
#include <unistd.h>

void kaon_standard_fill(void)
{
    /* the other direction each, except for words to the person, which nobody checks */
    static const int flags[] = { O_WRONLY, O_RDONLY, O_WRONLY };
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", flags[fd]) < 0)
            return;
}
