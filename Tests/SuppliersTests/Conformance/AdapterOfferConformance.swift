import Foundation
import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// What those adapters do whose suppliers offer it: tokens, receipts, taking back, repeating, files.
@Suite struct AdapterOfferConformance {
    // MARK: Tokens

    @Test(arguments: AdapterCase.tokened)
    func `a token that is over is replaced once, and the message goes once`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry) { bench in
            #expect(bench.supplier.tokenSource != nil)
            _ = await bench.send(bench.people("0100"))
            bench.clock.advance(by: try #require(entry.tokenLife) + .seconds(1))
            let reply = await bench.send(bench.people("0101"), key: "kp1x4z-2")
            #expect(reply.references.count == 1, "\(reply.verdicts)")
            try await bench.expect(once: 2)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `good credentials pass the check that there is, and wrong ones do not`(
        entry: AdapterCase
    ) async throws {
        var isOffered = true
        try await SupplierBench.use(entry) { bench in
            do throws(SupplierError) { try await bench.supplier.check() } catch {
                #expect(error == .notOffered)
                isOffered = false
            }
        }
        #expect(isOffered || entry.tokenLife == nil)
        guard isOffered else { return }
        try await SupplierBench.use(entry, secrets: entry.wrong) { bench in
            let error = await #expect(throws: SupplierError.self) { try await bench.supplier.check() }
            guard case .refused(let refusal)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(refusal.fault == .badConfig)
        }
    }

    // MARK: Receipts

    @Test(arguments: AdapterCase.those(\.pulls))
    func `receipts that wait are pulled once, each with its message`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry) { bench in
            let people = bench.people("0000", "0001")
            let reply = await bench.send(people, key: "kp1x4z-7")
            let page = try await bench.supplier.pullReceipts()
            #expect(page.malformed == 0)
            #expect(page.receipts.map(\.recipient) == people)
            #expect(page.receipts.map(\.reference) == reply.references)
            #expect(page.receipts.map(\.delivered) == [true, false])
            #expect(page.receipts.allSatisfy { $0.requestKey == "kp1x4z-7" })
            #expect(try bench.supplier.readReceipts(page.raw).receipts == page.receipts)
            #expect(try await bench.supplier.pullReceipts().receipts.isEmpty)
        }
    }

    @Test(arguments: AdapterCase.those(\.posts))
    func `receipts that are posted are read, each with its message`(entry: AdapterCase) async throws {
        let receiver = try RawServer { server, connection in
            while let request = connection.readRequest() {
                server.note(request)
                connection.answer(#"{"result":0,"code":0}"#)
            }
        }
        defer { receiver.close() }
        try await SupplierBench.use(entry) { bench in
            let place = #"{"\#(entry.simulated.rawValue)":"\#(receiver.url)/c/1"}"#
            try await bench.order("/_sim/callbacks", place)
            let people = bench.people("0000", "0001")
            var reference: [String: String] = [:]
            for (number, person) in people.enumerated() {
                let reply = await bench.send([person], key: "kp1x4z-\(number)")
                reference[person] = reply.references.first
                #expect(reply.references.count == 1)
            }
            let wanted = entry.tellsSuccess ? Set(people) : [people[1]]
            var found: [String: SupplierReceipt] = [:]
            try await eventually("the receipts are posted") {
                for request in receiver.notes {
                    guard case .receipts(let raw, _) = try bench.supplier.open(Self.callback(request)) else {
                        continue
                    }
                    let page = try bench.supplier.readReceipts(raw)
                    #expect(page.malformed == 0)
                    for receipt in page.receipts { found[receipt.recipient] = receipt }
                }
                return Set(found.keys).isSuperset(of: wanted)
            }
            #expect(Set(found.keys) == wanted)
            for (place, person) in people.enumerated() {
                guard let receipt = found[person] else { continue }
                #expect(receipt.delivered == (place == 0))
                // One of the two leads to the message.
                let isKnown =
                    receipt.requestKey == "kp1x4z-\(place)" || receipt.reference == reference[person]
                #expect(isKnown, "\(receipt)")
            }
        }
    }

    /// A posted request as the engine's door hands it on.
    private static func callback(_ request: String) throws -> SupplierCallback {
        let end = try #require(request.range(of: "\r\n\r\n"))
        let lines = request[..<end.lowerBound].split(separator: "\r\n")
        let words = try #require(lines.first).split(separator: " ")
        let query = words[1].split(separator: "?").dropFirst().first ?? ""
        let fields = lines.dropFirst()
            .map { line in
                let pair = line.split(separator: ":", maxSplits: 1)
                return (name: pair[0].lowercased(), value: String(pair[1].drop { $0 == " " }))
            }
        return SupplierCallback(
            method: String(words[0]),
            query: query.isEmpty ? [] : try #require(PercentEncoding.parameters(of: Array(query.utf8))),
            headers: fields,
            body: Array(request[end.upperBound...].utf8)
        )
    }

    @Test(arguments: AdapterCase.those(\.answers))
    func `what became of an open call can be asked, and of one that never came nothing is known`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            let (person, sentAt) = (entry.person("0000"), bench.clock.calendar.now)
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":1}"#)
            let reply = await bench.send([person], key: "kp1x4z-open")
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous })
            func ask(_ key: String) async throws -> QueryAnswer {
                try await bench.supplier.query(recipient: person, requestKey: key, sentAt: sentAt)
            }
            guard case .receipt(let receipt) = try await ask("kp1x4z-open") else {
                Issue.record("no receipt")
                return
            }
            #expect(receipt.delivered && receipt.requestKey == "kp1x4z-open")
            #expect(try await ask("kp1x4z-other") == .unknown)
        }
    }

    // MARK: Afterwards

    @Test(arguments: AdapterCase.those(\.recalls))
    func `a message is taken back by its reference, and one that is none is not`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            let people = bench.people("0100")
            let reference = try #require(await bench.send(people).references.first)
            try await bench.supplier.recall(reference: reference, recipients: people)
            let error = await #expect(throws: SupplierError.self) {
                try await bench.supplier.recall(reference: "7", recipients: people)
            }
            // A supplier need not tell what it never had from what it has forgotten.
            switch error {
            case .refused, .tooLate: break
            default: Issue.record("\(String(describing: error))")
            }
        }
    }

    @Test(arguments: AdapterCase.those { entry in repeats.contains(entry.simulated) })
    func `an open call that is made again with the same key reaches nobody twice`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            let time = try #require(bench.supplier.repeatsAreDroppedFor)
            _ = await bench.send(bench.people("0100"))
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":1}"#)
            let people = bench.people("0101")
            #expect(await bench.send(people, key: "kp1x4z-2").verdicts.allSatisfy { $0.isAmbiguous })
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":0}"#)
            bench.clock.advance(by: time - .seconds(10))
            #expect(await bench.send(people, key: "kp1x4z-2").references.count == 1)
            try await bench.expect(once: 2)
        }
    }

    /// Those that drop repetitions.
    private static let repeats: [SimulatedSupplier] = [.getui, .weChatOfficialAccount, .weComApp]

    @Test(arguments: AdapterCase.all)
    func `what an entry does not promise, its adapter does not offer`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry) { bench async throws in
            let supplier = bench.supplier
            #expect((supplier.tokenSource == nil) == (entry.tokenLife == nil) || entry.simulated == .apns)
            #expect((supplier.repeatsAreDroppedFor != nil) == Self.repeats.contains(entry.simulated))
            if !entry.pulls { #expect(try await supplier.pullReceipts().receipts.isEmpty) }
            if !entry.posts {
                #expect(throws: SupplierError.notOffered) { try supplier.open(SupplierCallback(body: [])) }
            }
            if !entry.recalls {
                await #expect(throws: SupplierError.notOffered) {
                    try await supplier.recall(reference: "7", recipients: [])
                }
            }
            if !entry.answers {
                await #expect(throws: SupplierError.notOffered) {
                    _ = try await supplier.query(
                        recipient: entry.person("0100"),
                        requestKey: "k",
                        sentAt: bench.clock.calendar.now
                    )
                }
            }
            // Who tells of failures alone has said his last word when he takes a message.
            let tells = entry.pulls || entry.posts || entry.answers
            let isAsked = supplier.resultsAreKnownFor != nil
            #expect(supplier.givesReceipts == (isAsked || tells && entry.tellsSuccess))
        }
    }
}
