#ifndef KPUSH_CSQLITE_H
#define KPUSH_CSQLITE_H

/* Has SQLite not count the memory that it takes. Before the first file is opened; later it changes nothing. */
void kpush_sqlite_leave_memory_uncounted(void);

#endif
