import ServiceLifecycle

/// Tells the other processes when something here may be handed over or told, and passes on here what they tell.
///
/// While one word is on its way further ones gather into one.
package struct WakeCourier: Service {
    private let bells: SchedulerBells
    private let pulls: PullHub
    private let line: any WakeLine

    package init(_ parts: SchedulerParts, line: any WakeLine) {
        bells = parts.bells
        pulls = parts.pulls
        self.line = line
    }

    /// Runs until cancelled or told to shut down.
    package func run() async throws {
        pulls.connect()
        line.listen { [bells, pulls] word in
            switch word {
            case .runsMayGo: bells.dispatch.ring()
            case .mayBeTold, .question, .page: pulls.hear(word)
            }
        }
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { tellers in
                tellers.addTask {
                    while await bells.afar.wait() { await line.tell(.runsMayGo) }
                }
                tellers.addTask {
                    while await pulls.wordsWait.wait() {
                        for word in pulls.takeWords() { await line.tell(word) }
                    }
                }
            }
        }
    }
}
