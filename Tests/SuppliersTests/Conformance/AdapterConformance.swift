import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// What every adapter does, against its simulated supplier and over the real transport: how calls end.
@Suite struct AdapterConformance {
    @Test func `every form has a simulated supplier, and so an entry`() {
        let kinds = SupplierCatalogue.forms.map(\.kind.rawValue)
        #expect(Set(kinds) == Set(SimulatedSupplier.allCases.map(\.rawValue)))
        #expect(Set(AdapterCase.all.map(\.simulated)) == Set(SimulatedSupplier.allCases))
    }

    // MARK: What is taken

    @Test(arguments: AdapterCase.all)
    func `a message is accepted under a reference, and the ledger has it once`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            let reply = await bench.send(bench.people("0100"))
            #expect(reply.references.count == 1, "\(reply.verdicts)")
            #expect(reply.references.first?.isEmpty == false)
            try await bench.expect(once: 1)
        }
    }

    @Test(arguments: AdapterCase.many)
    func `the largest call of each shape is accepted, and the ledger has each once`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            var total = 0
            for (number, shape) in bench.supplier.shapes.enumerated() {
                let people = (0..<shape.recipients).map { entry.crowd(number * 2_000 + $0) }
                let texts = shape.sameContent ? 1 : 2
                let reply = await bench.supplier.send(
                    SupplierCall(
                        requestKey: "kp1x4z-\(number)",
                        recipients: people,
                        contents: (0..<texts).map { entry.content("text \($0)") },
                        contentIndex: people.indices.map { $0 % texts }
                    )
                )
                #expect(reply.references.count == shape.recipients, "\(reply.verdicts.prefix(3))")
                total += shape.recipients
            }
            try await bench.expect(once: Int64(total))
        }
    }

    @Test(arguments: AdapterCase.all)
    func `a call that fits no shape is not made`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry) { bench in
            let largest = try #require(bench.supplier.shapes.map(\.recipients).max())
            let many = (0...largest).map(entry.crowd)
            for call in [
                SupplierCall(
                    requestKey: "kp1x4z-1",
                    recipients: many,
                    contents: [bench.content()],
                    contentIndex: many.map { _ in 0 }
                ),
                SupplierCall(requestKey: "kp1x4z-2", recipients: [many[0]], contents: [], contentIndex: [0]),
            ] {
                let reply = await bench.supplier.send(call)
                #expect(reply.verdicts.count == call.recipients.count)
                #expect(reply.verdicts.allSatisfy { $0.fault == .badContent })
            }
            try await bench.expect(accepted: 0)
        }
    }

    // MARK: What is refused

    @Test(arguments: AdapterCase.all)
    func `of several recipients the one that can never work is the only one that gets nothing`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            let people = bench.people("0100", "0002", "0101")
            let taken: Int64
            switch entry.badRecipient {
            case .alone(let fault):
                let reply = await bench.send(people)
                #expect(reply.verdicts.map(\.fault) == [nil, fault, nil])
                #expect(!reply.mayBeSplit)
                taken = 2
            case .unnoticed:
                #expect(await bench.send(people).references.count == 3)
                taken = 2
            case .inHalves:
                let all = await bench.send(people)
                #expect(all.verdicts.allSatisfy { $0.fault == .badRecipient })
                #expect(all.mayBeSplit)
                let alone = await bench.send([people[1]], key: "kp1x4z-2")
                #expect(alone.verdicts.map(\.fault) == [.badRecipient])
                #expect(!alone.mayBeSplit)
                #expect(await bench.send([people[0]], key: "kp1x4z-3").references.count == 1)
                taken = 1
            case .single(let fault):
                let replies = [
                    await bench.send([people[0]]), await bench.send([people[1]], key: "kp1x4z-2"),
                ]
                #expect(replies.flatMap(\.verdicts).map(\.fault) == [nil, fault])
                #expect(!replies[1].mayBeSplit)
                taken = 1
            }
            try await bench.expect(once: taken)
        }
    }

    @Test(arguments: AdapterCase.those { $0.badContent != nil })
    func `a content that the supplier refuses is the content's fault`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry) { bench in
            let reply = await bench.send(bench.people("0100"), content: entry.badContent)
            #expect(reply.verdicts.map(\.fault) == [.badContent])
            try await bench.expect(accepted: 0)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `wrong credentials are the account's fault`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry, secrets: entry.wrong) { bench in
            #expect(await bench.send(bench.people("0100")).verdicts.map(\.fault) == [.badConfig])
            try await bench.expect(accepted: 0)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `a call over the supplier's rate is refused as one that may come later`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            // A token is at hand by then.
            _ = await bench.send(bench.people("0100"))
            try await bench.order("/_sim/faults", #"{"throttled_ratio":1}"#)
            let reply = await bench.send(bench.people("0101"), key: "kp1x4z-2")
            #expect(reply.verdicts.map(\.fault) == [entry.throttled])
            try await bench.order("/_sim/faults", #"{"throttled_ratio":0}"#)
            bench.clock.advance(by: reply.wait ?? .zero)
            #expect(await bench.send(bench.people("0101"), key: "kp1x4z-3").references.count == 1)
            try await bench.expect(once: 2)
        }
    }

    @Test(arguments: AdapterCase.those { $0.rate != nil })
    func `as many calls as the supplier takes are taken, and one more is refused until its time`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            let rate = try #require(entry.rate)
            for number in 0..<rate {
                #expect(await bench.send([entry.person("\(number)x")]).references.count == 1)
            }
            let reply = await bench.send([entry.person("x")])
            #expect(reply.verdicts.map(\.fault) == [.throttled])
            bench.clock.advance(by: reply.wait ?? .zero)
            #expect(await bench.send([entry.person("x")]).references.count == 1)
            try await bench.expect(once: Int64(rate) + 1)
            // The adapter's own limits keep to it.
            let limits = bench.supplier.callLimits
            #expect(limits.map { $0.permits + $0.burst - 1 }.min() == rate)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `a server error twice is transient twice, and then the call goes`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry) { bench in
            var faults: [Refusal.Class?] = []
            for number in 0..<3 {
                faults += await bench.send(bench.people("0006"), key: "kp1x4z-\(number)").verdicts
                    .map(\.fault)
            }
            #expect(faults == [.transient, .transient, nil])
            try await bench.expect(once: 1)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `a supplier that is down refuses, and then takes`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry) { bench in
            // A token is at hand by then; a mail server that is down still serves whom it has.
            let isTokened = bench.supplier.tokenSource != nil
            if isTokened { _ = await bench.send(bench.people("0100")) }
            try await bench.order("/_sim/faults", #"{"outage":true}"#)
            let reply = await bench.send(bench.people("0101"), key: "kp1x4z-2")
            #expect(reply.verdicts.map(\.fault) == [entry.outage])
            try await bench.order("/_sim/faults", #"{"outage":false}"#)
            #expect(await bench.send(bench.people("0101"), key: "kp1x4z-3").references.count == 1)
            try await bench.expect(once: isTokened ? 2 : 1)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `where nobody listens nothing was sent, and another supplier may be asked`(
        entry: AdapterCase
    ) async throws {
        let address = entry.simulated == .smtp ? "smtp://127.0.0.1:1" : "http://127.0.0.1:1"
        try await SupplierBench.use(entry, at: address) { bench in
            let reply = await bench.send(bench.people("0100"))
            #expect(reply.verdicts.map(\.fault) == [.transient])
        }
    }

    // MARK: What is open

    @Test(arguments: AdapterCase.all)
    func `a withheld answer leaves all open, although all were accepted`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry, timeout: .milliseconds(800)) { bench in
            // The token before, so that the time is the message's own.
            _ = await bench.patient.send(
                SupplierCall(
                    requestKey: "kp1x4z-0",
                    recipients: bench.people("0100"),
                    contents: [bench.content()],
                    contentIndex: [0]
                )
            )
            let reply = await bench.send(bench.people("0004"))
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous }, "\(reply.verdicts)")
            try await bench.expect(once: 2)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `a slow answer counts within the time limit, and leaves all open beyond`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            try await bench.order("/_sim/faults", #"{"latency_min_ms":150,"latency_max_ms":150}"#)
            #expect(await bench.send(bench.people("0100")).references.count == 1)
        }
        try await SupplierBench.use(entry, timeout: .milliseconds(800)) { bench in
            _ = await bench.send(bench.people("0100"))
            try await bench.order("/_sim/faults", #"{"latency_min_ms":60000,"latency_max_ms":60000}"#)
            let reply = await bench.send(bench.people("0101"), key: "kp1x4z-2")
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous }, "\(reply.verdicts)")
            try await bench.expect(once: 2)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `a connection that is reset leaves all open, unless nothing can have been taken`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            let reply = await bench.send(bench.people("0005"))
            #expect(reply.verdicts.map(\.fault) == [entry.reset])
            #expect(reply.verdicts[0].isAmbiguous == (entry.reset == nil))
            try await bench.expect(accepted: 0)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `an answer that is cut short leaves all open`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry) { bench in
            let reply = await bench.send(bench.people("0007"))
            if entry.cutLeavesOpen { #expect(reply.verdicts.allSatisfy { $0.isAmbiguous }) }
            try await bench.expect(once: 1)
        }
    }

    @Test(arguments: AdapterCase.all)
    func `a gateway that lost the answer leaves all open, although all were accepted`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            _ = await bench.send(bench.people("0100"))
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":1}"#)
            let reply = await bench.send(bench.people("0101"), key: "kp1x4z-2")
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous }, "\(reply.verdicts)")
            try await bench.expect(once: 2)
        }
    }

    /// A webhook answers by its status, and Apple over HTTP/2.
    @Test(arguments: AdapterCase.those { ![.smtp, .apns, .webhook].contains($0.simulated) })
    func `an answer that is none of the supplier's is no acceptance`(entry: AdapterCase) async throws {
        for body in ["", "<html>", "{", "[]", "null", "{}"] {
            let server = try RawServer { _, connection in
                while connection.readRequest() != nil { connection.answer(body) }
            }
            defer { server.close() }
            try await SupplierBench.use(entry, at: server.url) { bench in
                let reply = await bench.send(bench.people("0100"))
                // Without a token nothing is sent.
                let isOpen = reply.verdicts.allSatisfy { $0.isAmbiguous }
                #expect(isOpen == (entry.tokenLife == nil), "\(body): \(reply.verdicts)")
                #expect(reply.references.isEmpty)
            }
        }
    }
}
