#include "CSQLite.h"

#include <sqlite3.h>

/* What takes any number of arguments cannot be called from Swift. */
void kpush_sqlite_leave_memory_uncounted(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
