#ifndef KPUSH_CSPAWN_H
#define KPUSH_CSPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a program may use; 0 sets no limit. */
typedef struct {
    uint64_t memory;     /* bytes of address space, of each process */
    uint64_t processes;  /* processes of the user, all together; not for root */
    uint64_t file_size;  /* bytes of each file that is written */
    uint64_t cpu;        /* seconds of processor time, of each process */
    uint64_t open_files; /* descriptors, of each process */
} kpush_spawn_limits;

/* One program to start. All of it must stay as it is until kpush_spawn returns. */
typedef struct {
    const char *program;      /* an absolute path */
    char *const *arguments;   /* ends with NULL; the first is the program's name */
    char *const *environment; /* ends with NULL */
    const char *folder;       /* to work in; / where it cannot be entered */
    int output;               /* takes standard output and standard error */
    bool changes_user;        /* whether the next two count; only root can */
    uid_t user;
    gid_t group;
    kpush_spawn_limits limits;
} kpush_spawn_order;

/* Where starting failed. */
enum {
    KPUSH_SPAWN_FORK,
    KPUSH_SPAWN_SESSION,
    KPUSH_SPAWN_OUTPUT,
    KPUSH_SPAWN_LIMITS,
    KPUSH_SPAWN_USER,
    KPUSH_SPAWN_PROGRAM,
};

/* Starts a program in a session of its own, with no open descriptor but the standard three, no blocked signal, and
   nothing to read. It is killed when the thread that started it ends: that thread has to outlive it.
   Returns 0 and the process number once the program runs; else the number of the error, and where it happened. */
int kpush_spawn(const kpush_spawn_order *order, pid_t *child, int *step);

/* A pipe whose ends no other program inherits. Returns 0 or the error's number. */
int kpush_pipe(int ends[2]);

/* Returns once the child has ended; its number stays taken until it is reaped. Returns 0 or the error's number. */
int kpush_await_end(pid_t child);

/* Returns once a process has ended that need not be a child, or after so many milliseconds. Returns 0 when it has ended or there is
   none, ETIMEDOUT when it goes on, else the error's number; ENOSYS where the system tells nobody but the parent. */
int kpush_await_any_end(pid_t process, int milliseconds);

/* Reaps a child that has ended: its exit code, or the signal that ended it and -1. Returns 0 or the error's number. */
int kpush_reap(pid_t child, int *code, int *signal);

#endif
