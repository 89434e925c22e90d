// What the Systemd module uses of libsystemd. The location macros of the journal do not import into
// Swift and change function names, so they are switched off.
#define SD_JOURNAL_SUPPRESS_LOCATION 1
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <systemd/sd-journal.h>
