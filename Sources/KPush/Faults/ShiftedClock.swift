import Foundation

/// A wall clock that is wrong, for a process that is started with it; others do not notice.
///
/// A library that the process loads first stands before the system's clock and adds what stands in a file.
struct ShiftedClock: Sendable {
    private let library: String
    private let file: String

    /// Builds the library; the clock is right to begin with.
    ///
    /// - Parameter folder: takes the library and the file.
    /// - Throws: `DemoError` when there is no C compiler.
    init(in folder: String) throws {
        library = folder + "/shifted-clock.so"
        file = folder + "/shift"
        let source = folder + "/shifted-clock.c"
        try Data(Self.source.utf8).write(to: URL(fileURLWithPath: source))
        try Data(count: 8).write(to: URL(fileURLWithPath: file))
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["cc", "-shared", "-fPIC", "-O1", "-o", library, source]
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else { throw DemoError("the shifted clock cannot be compiled") }
    }

    /// Variables of a process that goes by this clock.
    func worn(by node: ClusterNode) -> ClusterNode {
        node.with("LD_PRELOAD", library).with("KPUSH_CLOCK_SHIFT", file)
    }

    /// Sets the clock wrong by so much, from now on.
    func shift(by distance: Duration) throws {
        let milliseconds =
            distance.components.seconds * 1_000
            + distance.components.attoseconds / 1_000_000_000_000_000
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        try handle.write(contentsOf: withUnsafeBytes(of: milliseconds.littleEndian) { Data($0) })
        try handle.close()
    }

    /// Why there can be none on this host; nil when there can.
    static var obstacle: String? {
        let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let hasCompiler = places.contains { FileManager.default.isExecutableFile(atPath: "\($0)/cc") }
        return hasCompiler ? nil : "no C compiler to build the clock with"
    }

    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static volatile int64_t *shift;

        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("KPUSH_CLOCK_SHIFT");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *place = mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
            close(file);
            if (place != MAP_FAILED) shift = place;
        }

        int clock_gettime(clockid_t clock, struct timespec *now) {
            long result = syscall(SYS_clock_gettime, clock, now);
            if (result == 0 && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
                int64_t nanoseconds = now->tv_nsec + (*shift % 1000) * 1000000;
                now->tv_sec += *shift / 1000;
                if (nanoseconds < 0) { nanoseconds += 1000000000; now->tv_sec -= 1; }
                if (nanoseconds >= 1000000000) { nanoseconds -= 1000000000; now->tv_sec += 1; }
                now->tv_nsec = nanoseconds;
            }
            return (int)result;
        }

        int gettimeofday(struct timeval *restrict now, void *restrict zone) {
            struct timespec time;
            (void)zone;
            if (clock_gettime(CLOCK_REALTIME, &time) != 0) return -1;
            now->tv_sec = time.tv_sec;
            now->tv_usec = time.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *place) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (place) *place = now.tv_sec;
            return now.tv_sec;
        }

        """
}
