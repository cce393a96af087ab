import Foundation
import TestKit
import Testing

/// How commands find a server and its token, and what they say when they do not.
@Suite(.timeLimit(.minutes(10))) struct ServerOptionsTests {
    @Test func `a server that is not there is told apart from one that does not know the token`() async throws
    {
        let bench = try await CommandBench.start()
        let wrong = try bench.file("wrong", "no-token-of-this-server\n")
        let refused = try await bench.kpush("jobs", "list", "--token-file", wrong)
        #expect(refused.status == 77)
        #expect(refused.output.isEmpty)
        #expect(refused.complaints.contains("--token-file"))
        #expect(!refused.complaints.contains("no-token-of-this-server"))

        #expect(bench.server.stop() == 0)
        let gone = try await bench.kpush("jobs", "list")
        #expect(gone.status == 69)
        #expect(gone.complaints.contains("\(bench.url) cannot be reached"))
    }

    @Test func `flags beat the environment, and the environment the usual place`() async throws {
        let bench = try await CommandBench.start()
        let wrong = try bench.file("wrong", "wrong")
        let right = bench.server.data + "/api-token"
        let token = try String(contentsOfFile: right, encoding: .utf8).trimmingCharacters(in: .newlines)
        let cases: [(flags: [String], environment: [String: String], status: Int32)] = [
            (["--token-file", right], ["KPUSH_TOKEN": "wrong"], 0),
            (["--data", bench.server.data], ["KPUSH_TOKEN": "wrong"], 0),
            ([], ["KPUSH_TOKEN": token, "KPUSH_TOKEN_FILE": wrong], 0),
            ([], ["KPUSH_TOKEN_FILE": right], 0),
            ([], ["KPUSH_TOKEN_FILE": wrong, "KPUSH_DATA": bench.server.data], 77),
            (["--token-file", wrong], ["KPUSH_TOKEN": token], 77),
            (["--server", "http://127.0.0.1:1"], ["KPUSH_TOKEN": token], 69),
        ]
        for (flags, environment, status) in cases {
            let ending = try await Program.run(
                ["campaigns", "list"] + flags,
                environment: environment.merging(["KPUSH_SERVER": bench.url]) { $1 }
            )
            #expect(ending.status == status, "\(flags) \(environment.keys): \(ending.complaints)")
        }
    }

    @Test func `what makes no sense is said before anything is called`() async throws {
        let cases: [(arguments: [String], status: Int32, says: String)] = [
            (["jobs", "list", "--server", "ftp://x"], 64, "no address"),
            (["jobs", "list", "--server", "http://"], 64, "no address"),
            (["jobs", "list", "--token-file", "/no/such/file"], 66, "no such file"),
            (["jobs", "list", "--token", "secret"], 64, "Unknown option"),
            (["send", "--template", "2"], 64, "--to"),
            (["send", "--template", "2", "--to", "1", "--var", "code"], 64, "--var"),
            (["send", "--template", "2", "--to", "1", "--var", "a=1", "--var", "a=2"], 64, "twice"),
            (["messages"], 64, "Give one of"),
            (["messages", "--id", "1", "--biz-id", "2"], 64, "Give one of"),
            (["messages", "--template", "1", "--state", "lost"], 64, "undelivered"),
            (["campaigns", "create", "--name", "x", "--template", "1"], 64, "--crowd"),
            (
                [
                    "campaigns", "create", "--name", "x", "--template", "1", "--crowd", "x", "--cron", "x",
                    "--at", "x",
                ],
                64, "not both"
            ),
        ]
        for (arguments, status, says) in cases {
            let ending = try await Program.run(arguments, environment: ["KPUSH_SERVER": "http://127.0.0.1:1"])
            #expect(ending.status == status, "\(arguments): \(ending.complaints)")
            #expect(ending.complaints.contains(says), "\(arguments): \(ending.complaints)")
        }
    }

    @Test func `another server's answer is not taken for ours`() async throws {
        let other = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.answer("<html>welcome</html>")
        }
        defer { other.close() }
        let ending = try await Program.run(
            ["jobs", "list", "--server", other.url + "/"],
            environment: ["KPUSH_TOKEN": "x"]
        )
        #expect(ending.status == 76)
        #expect(ending.complaints.contains("no KPush"))
    }

    @Test func `an answer that never came is not taken for a refusal`() async throws {
        let silent = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.reset()
        }
        defer { silent.close() }
        let ending = try await Program.run(
            ["send", "--template", "2", "--to", "13800138100", "--server", silent.url],
            environment: ["KPUSH_TOKEN": "x"]
        )
        #expect(ending.status == 76)
        #expect(ending.complaints.contains("look before you repeat"))
    }
}
