import Foundation
import Testing

@testable import KPush

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
    @Test func `a process that ends in time tells its code`() async throws {
        #expect(try await Self.shell("read line; exit 3", within: .seconds(30)) { try $0.stop() } == 3)
    }

    @Test func `a process that does not end in time is killed`() async throws {
        #expect(try await Self.shell("read line", within: .milliseconds(100)) == SIGKILL)
    }

    /// How a script ends that has some time to.
    private static func shell(
        _ script: String,
        within limit: Duration,
        _ steer: (ChildProcess) throws -> Void = { _ in }
    ) async throws -> Int32 {
        let process = try ChildProcess(
            ["-c", script],
            program: URL(fileURLWithPath: "/bin/sh"),
            output: .nullDevice,
            complaints: .nullDevice
        )
        try steer(process)
        return await process.end(within: limit)
    }
}
