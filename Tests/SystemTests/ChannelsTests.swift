import CurlDriver
import Foundation
import Groundwork
import PushEngine
import SQLiteDriver
import SupplierSimulator
import Suppliers
import TestKit
import Testing

@testable import KPush

/// Every channel through all of its suppliers, as a person starts it.
@Suite(.timeLimit(.minutes(10))) struct ChannelsTests {
    @Test func `every supplier that there is a form for is shown on its channel`() throws {
        var shown: [String: Channel] = [:]
        for sample in ChannelSample.all {
            for supplier in sample.suppliers { shown[supplier.rawValue] = sample.channel }
        }
        let forms = SupplierCatalogue.forms.map { ($0.kind.rawValue, $0.channel) }
        #expect(shown == Dictionary(uniqueKeysWithValues: forms))
        for sample in ChannelSample.all {
            let form = sample.channel.addressForm
            #expect(try form.spelling(of: sample.address(7)) == sample.address(7))
            #expect(throws: AddressFault.self) { try form.spelling(of: sample.badAddress) }
        }
    }

    @Test func `the guide names every supplier, the fields of its accounts, and tests that there are`() throws
    {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let guide = try String(contentsOf: root.appendingPathComponent("docs/channels.md"), encoding: .utf8)
        let tests = try Self.text(of: root.appendingPathComponent("Tests/SuppliersTests"))
        let rows = guide.split(separator: "\n").filter { $0.hasPrefix("| ") }
        for form in SupplierCatalogue.forms {
            let kind = "`\(form.kind.rawValue)`"
            let row = try #require(rows.first { $0.contains("| \(kind) |") && !$0.hasPrefix("| \(kind)") })
            for field in form.fields { #expect(row.contains("`\(field.name)`"), "\(kind) \(field.name)") }
            let matrix = try #require(rows.first { $0.hasPrefix("| \(kind) |") })
            let names = matrix.split(separator: "`")
                .filter { $0.contains(" ") && !$0.hasPrefix(" |") && $0 != "; " }
            #expect(names.count >= 3, "\(kind)")
            for name in names where !name.contains("|") {
                #expect(tests.contains("func `\(name)`"), "\(kind) \(name)")
            }
        }
    }

    /// All Swift sources in a folder.
    private static func text(of folder: URL) throws -> String {
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return try files.filter { $0.hasSuffix(".swift") }
            .map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
            .joined()
    }

    @Test func `no two made-up recipients of a channel are the same`() {
        for sample in ChannelSample.all {
            #expect(Set((0..<5_000).map(sample.address)).count == 5_000, "\(sample.channel)")
        }
    }

    @Test func `every recipient of every channel ends in a final state, and the simulator's books agree`()
        async throws
    {
        let folder = try TemporaryFolder()
        let data = folder.file("demo")
        let ending = try await Program.run([
            "demo-channels", "--recipients", "60", "--lead", "1", "--web-port", "0", "--data", data,
        ])
        #expect(ending.status == 0, "\(ending.output) \(ending.complaints)")
        for supplier in SimulatedSupplier.allCases {
            let line = try #require(
                ending.lines.first { $0.contains(" \(supplier.rawValue) ") },
                "\(supplier.rawValue) is missing"
            )
            #expect(line.hasSuffix("ok"), "\(line)")
        }
        let store = try SQLitePushStore.books(in: data)
        let runs = try await store.campaignRuns(of: nil, before: nil, limit: 100)
        #expect(runs.count == ChannelSample.all.count)
        for run in runs {
            let records = try await store.allRecords(of: run.id)
            #expect(records.count == 60)
            #expect(records.allSatisfy { $0.state.isFinal })
            #expect(run.refused.values.reduce(0, +) == 4)
        }
    }

    @Test func `an adapter is measured by what both sides count`() async throws {
        let ending = try await Program.run([
            "bench-channels", "--only", "webhook", "--seconds", "1", "--repeat", "1",
        ])
        #expect(ending.status == 0, "\(ending.output)")
        #expect(ending.lines.count == 3)
        #expect(ending.lines.last?.hasPrefix("webhook") == true)
    }

    @Test func `the accounts that the simulator names are taken by the API as they are`() async throws {
        let folder = try TemporaryFolder()
        let simulator = try SimulatorProcess(["--smtp-port", "0"], program: ServerProcess.program())
        defer { try? simulator.stop() }
        let server = try ServerProcess(data: folder.file("data"))
        try await server.start()
        let http = CurlHTTPClient()
        let token = try String(contentsOfFile: server.data + "/api-token", encoding: .utf8).trimming()
        let named = try await http.send(HTTPRequest(method: "GET", url: simulator.url + "/_sim/accounts"))
        let accounts = try #require(try WireValue(json: named.body).list)
        #expect(accounts.count == SimulatedSupplier.allCases.count)
        for account in accounts {
            let answer = try await http.send(
                HTTPRequest(
                    url: "http://127.0.0.1:\(server.webPort)/api/v1/accounts",
                    headers: [
                        ("content-type", "application/json"), ("authorization", "Bearer \(token)"),
                    ],
                    body: account.json
                )
            )
            let name = account.object?["name"].text ?? ""
            #expect(answer.status == 201, "\(name): \(String(decoding: answer.body, as: UTF8.self))")
        }
        #expect(server.stop() == 0)
        http.shutdown()
    }
}
