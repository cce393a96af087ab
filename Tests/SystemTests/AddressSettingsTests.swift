import CurlDriver
import Foundation
import Groundwork
import Logging
import PushEngine
import Suppliers
import TestKit
import Testing

@testable import KPush

/// Where the settings let suppliers' URLs lead to.
@Suite(.timeLimit(.minutes(2))) struct AddressSettingsTests {
    private static func settings(_ allowed: String?) async throws -> ServeSettings {
        let values = allowed.map { ["KPUSH_ADDRESSES_ALLOWED": $0] } ?? [:]
        return try await ServeSettings.read(file: nil, environment: values, flags: [:])
    }

    @Test func `networks are read, and none is a limit as well`() async throws {
        #expect(try await Self.settings(nil).supplierAddresses == .intranet)
        #expect(try await Self.settings(nil).fileAddresses == AddressGuard())
        #expect(try await Self.settings("").supplierAddresses == AddressGuard())
        let networks = try ["10.8.0.0/16", "fd00::/8"].map { try #require(AddressNetwork($0)) }
        let settings = try await Self.settings("10.8.0.0/16, fd00::/8")
        #expect(settings.supplierAddresses == AddressGuard(allowed: networks))
        #expect(settings.fileAddresses == AddressGuard(allowed: networks))
        let error = await #expect(throws: SettingsError.self) { _ = try await Self.settings("10.8.0.0/99") }
        #expect(error?.key == "addresses.allowed")
    }

    @Test(arguments: [(nil, true), ("127.0.0.0/8", true), ("10.0.0.0/8", false)] as [(String?, Bool)])
    func `a supplier inside is called only where its network is allowed`(
        allowed: String?,
        isCalled: Bool
    ) async throws {
        let supplier = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.answer("{}")
        }
        let folder = try TemporaryFolder()
        let engine = try await Self.engine(in: folder, allowed)
        _ = try await SampleData(templates: engine.store, accounts: engine.store)
            .load(simulator: supplier.url)
        let entries = try await engine.directory.current().entries
        let tencent = try #require(entries.first { $0.account.kind == .tencent })
        if isCalled {
            _ = try await tencent.supplier.pullReceipts()
        } else {
            let error = await #expect(throws: SupplierError.self) {
                _ = try await tencent.supplier.pullReceipts()
            }
            #expect("\(try #require(error))".contains("addresses.allowed"))
        }
        #expect(supplier.connectionCount == (isCalled ? 1 : 0))
        supplier.close()
    }

    @Test(arguments: ["http://169.254.169.254:1", "http://[::ffff:169.254.169.254]:1", "http://2852039166:1"])
    func `no supplier leads to the host's metadata service unless that is allowed`(url: String) async throws {
        let folder = try TemporaryFolder()
        let engine = try await Self.engine(in: folder, nil)
        _ = try await SampleData(templates: engine.store, accounts: engine.store).load(simulator: url)
        let entries = try await engine.directory.current().entries
        let tencent = try #require(entries.first { $0.account.kind == .tencent })
        let error = await #expect(throws: SupplierError.self) {
            _ = try await tencent.supplier.pullReceipts()
        }
        let reason = "\(try #require(error))"
        #expect(reason.contains("address_refused") && reason.contains("metadata"), "\(reason)")
    }

    @Test func `no mail server is the host's metadata service unless that is allowed`() async throws {
        let folder = try TemporaryFolder()
        let engine = try await Self.engine(in: folder, nil)
        let account = SupplierAccount(
            id: AccountID(rawValue: 0),
            name: "mail",
            kind: .smtp,
            channel: .email,
            url: "smtp://169.254.169.254:1",
            config: AccountConfig(["from": "news@example.org"], secrets: [:])
        )
        _ = try await engine.store.putAccount(account)
        let entry = try #require(try await engine.directory.current().entries.first)
        let error = await #expect(throws: SupplierError.self) { try await entry.supplier.check() }
        #expect("\(try #require(error))".contains("smtp.address_refused"))
    }

    private static func engine(
        in folder: borrowing TemporaryFolder,
        _ allowed: String?
    ) async throws -> EngineParts {
        var settings = try await settings(allowed)
        settings.data = folder.file("data")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try await Composition(settings, logger: logger).engine
    }
}
