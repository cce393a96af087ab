#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/* Everything up to `become` runs in the child, between fork and exec: only async-signal-safe functions there, since
   other threads of the parent may have held any lock when it was copied. */

static _Noreturn void give_up(int report, int step) {
    int told[2] = {step, errno};
    ssize_t ignored = write(report, told, sizeof told);
    (void)ignored;
    _exit(127);
}

static void close_others(int report) {
#ifdef __linux__
    if ((report <= 3 || close_range(3, (unsigned)report - 1, 0) == 0)
        && close_range((unsigned)report + 1, ~0U, 0) == 0)
        return;
#endif
    long end = sysconf(_SC_OPEN_MAX);
    for (int descriptor = 3; descriptor < end; descriptor++)
        if (descriptor != report) close(descriptor);
}

static bool limit(int resource, uint64_t most) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return false;
    rlim_t wanted = (rlim_t)most;
    /* Who is not root cannot raise what somebody else has limited already. */
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < wanted) wanted = now.rlim_max;
    struct rlimit next = {.rlim_cur = wanted, .rlim_max = wanted};
    return setrlimit(resource, &next) == 0;
}

static bool limit_all(const kpush_spawn_limits *limits) {
    return limit(RLIMIT_CORE, 0)
        && (limits->memory == 0 || limit(RLIMIT_AS, limits->memory))
        && (limits->processes == 0 || limit(RLIMIT_NPROC, limits->processes))
        && (limits->file_size == 0 || limit(RLIMIT_FSIZE, limits->file_size))
        && (limits->cpu == 0 || limit(RLIMIT_CPU, limits->cpu))
        && (limits->open_files == 0 || limit(RLIMIT_NOFILE, limits->open_files));
}

static bool change_user(const kpush_spawn_order *order) {
    if (setgroups(1, &order->group) != 0 || setgid(order->group) != 0 || setuid(order->user) != 0) return false;
#ifdef __linux__
    /* For good: no set-user-id program gives anything back. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
#endif
    return true;
}

static _Noreturn void become(const kpush_spawn_order *order, int report, pid_t parent) {
    if (setsid() < 0) give_up(report, KPUSH_SPAWN_SESSION);
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(order->output, STDOUT_FILENO) < 0
        || dup2(order->output, STDERR_FILENO) < 0)
        give_up(report, KPUSH_SPAWN_OUTPUT);
    close_others(report);
    umask(077);
    if (!limit_all(&order->limits)) give_up(report, KPUSH_SPAWN_LIMITS);
    if (order->changes_user && !change_user(order)) give_up(report, KPUSH_SPAWN_USER);
#ifdef __linux__
    /* After the change of user, which would undo it. The parent may have died before. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) _exit(127);
#else
    (void)parent;
#endif
    if (chdir(order->folder) != 0 && chdir("/") != 0) give_up(report, KPUSH_SPAWN_PROGRAM);
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(order->program, order->arguments, order->environment);
    give_up(report, KPUSH_SPAWN_PROGRAM);
}

int kpush_pipe(int ends[2]) {
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
#else
    if (pipe(ends) != 0) return errno;
    return fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 ? 0 : errno;
#endif
}

int kpush_spawn(const kpush_spawn_order *order, pid_t *child, int *step) {
    int report[2];
    *step = KPUSH_SPAWN_FORK;
    int refused = kpush_pipe(report);
    if (refused != 0) return refused;
    /* No handler of the parent's may run in the child. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) become(order, report[1], parent);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        return error;
    }
    /* Ends without a word when the program runs: the other end closes with exec. */
    int told[2];
    ssize_t count;
    do count = read(report[0], told, sizeof told);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == (ssize_t)sizeof told) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        *step = told[0];
        return told[1];
    }
    *child = pid;
    return 0;
}

int kpush_await_end(pid_t child) {
    siginfo_t end;
    while (waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT) != 0)
        if (errno != EINTR) return errno;
    return 0;
}

int kpush_reap(pid_t child, int *code, int *signal) {
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return errno;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return 0;
}

int kpush_await_any_end(pid_t process, int milliseconds)
{
#if defined(__linux__) && defined(SYS_pidfd_open)
    int handle = (int)syscall(SYS_pidfd_open, process, 0);
    if (handle < 0) return errno == ESRCH ? 0 : errno;
    struct pollfd end = {.fd = handle, .events = POLLIN};
    int ready;
    do ready = poll(&end, 1, milliseconds);
    while (ready < 0 && errno == EINTR);
    int failure = ready > 0 ? 0 : ready == 0 ? ETIMEDOUT : errno;
    close(handle);
    return failure;
#else
    (void)process;
    (void)milliseconds;
    return ENOSYS;
#endif
}
