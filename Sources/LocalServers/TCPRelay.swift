import NIOCore
import NIOPosix

/// A bad network of our own: a spare port whose connections are carried on to another port of this host, unless it
/// is told otherwise.
///
/// What goes through keeps its order and its back-pressure, and one direction may end before the other. It can be
/// told at any moment, also from code that must not wait, to do worse than that; `heal` ends all of it.
package actor TCPRelay {
    package nonisolated let port: Int
    private nonisolated let weather = RelayWeather()
    private let place: HeldPort
    private let target: Int
    private var listener: (any Channel)?
    /// One for each time it began to listen; `cut` and `stop` wait for them.
    private var rounds: [Task<Void, Never>] = []

    /// Starts it.
    ///
    /// - Parameter target: the port that it carries connections to; nobody needs to listen there yet.
    /// - Throws: `LocalServerError` when there is no port, or what the system says when it cannot listen.
    package init(to target: Int) async throws {
        place = try HeldPort()
        port = place.port
        self.target = target
        try await listen()
    }

    // MARK: Weather

    /// Ends all connections and refuses new ones.
    package func cut() async {
        await refuse()
        for round in rounds { round.cancel() }
        for round in rounds { await round.value }
        rounds = []
    }

    /// Refuses new connections; those that are there go on.
    package func refuse() async {
        // One that is closed already is closed.
        try? await listener?.close().get()
        listener = nil
    }

    /// Lets no byte through either way: connections stay, and new ones are accepted and hear nothing.
    package nonisolated func freeze() {
        weather.change { $0.isFrozen = true }
    }

    /// Has every byte take so long, each way.
    package nonisolated func delay(_ length: Duration) {
        weather.change { $0.delay = length }
    }

    /// Swallows what the server says, so that what was asked happens and nobody hears of it.
    ///
    /// A connection that lost a byte hears nothing more, also when all is well again: no network leaves a hole.
    package nonisolated func dropReplies() {
        weather.change { $0.dropsReplies = true }
    }

    /// Lets so many more bytes of what is asked through and then none, as if who asks were stopped in mid-sentence.
    package nonisolated func hold(after bytes: Int) {
        weather.change { $0.questionsLeft = bytes }
    }

    /// How many of those bytes are left; nil when nothing is held.
    package nonisolated var questionsLeft: Int? { weather.state.questionsLeft }

    /// Has wait whatever is asked with this text in it, and what follows it on its connection; the rest goes through.
    ///
    /// - Parameter text: short enough to arrive in one piece.
    package nonisolated func hold(whatSays text: String) {
        weather.change { $0.heldText = Array(text.utf8) }
    }

    /// On how many connections something waits that says so.
    package nonisolated var held: Int { weather.state.held }

    /// Carries on as if nothing had been; what waited goes through.
    ///
    /// - Throws: what the system says when it cannot listen again.
    package func heal() async throws {
        weather.change { $0 = RelayWeather.State() }
        if listener == nil { try await listen() }
    }

    /// Ends all connections, and itself.
    package func stop() async {
        await cut()
        place.release()
    }

    // MARK: Carrying

    private func listen() async throws {
        let doors = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(host: "127.0.0.1", port: port) { RelayEnd.make(of: $0) }
        listener = doors.channel
        let (target, weather) = (target, weather)
        rounds.append(
            Task {
                // It ends with its listener, and an end that nobody waits for is none to tell of.
                try? await withThrowingDiscardingTaskGroup { group in
                    try await doors.executeThenClose { clients in
                        for try await client in clients {
                            group.addTask { await Self.carry(client, to: target, in: weather) }
                        }
                    }
                }
            }
        )
    }

    private static func carry(_ client: RelayEnd.Channel, to target: Int, in weather: RelayWeather) async {
        // Whoever holds either end notices that the connection ended; there is nobody else to tell.
        try? await client.executeThenClose { questions, asker in
            try await weather.thaw()
            let server = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .connect(host: "127.0.0.1", port: target) { RelayEnd.make(of: $0) }
            try await server.executeThenClose { replies, answerer in
                try await withThrowingTaskGroup { group in
                    group.addTask {
                        for try await piece in questions {
                            try await weather.passQuestion(piece)
                            var rest = piece.bytes
                            while rest.readableBytes > 0, let part = try await weather.ration(&rest) {
                                try await answerer.write(part)
                            }
                        }
                        answerer.finish()
                    }
                    group.addTask {
                        var isDeaf = false
                        for try await piece in replies {
                            try await weather.pass(piece)
                            isDeaf = isDeaf || weather.state.dropsReplies
                            if !isDeaf { try await asker.write(piece.bytes) }
                        }
                        asker.finish()
                    }
                    // Either end that breaks off ends the other, which waiting for both would not.
                    while try await group.next() != nil {}
                }
            }
        }
    }
}
