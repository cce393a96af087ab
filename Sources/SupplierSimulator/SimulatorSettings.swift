/// How a simulator behaves when it starts; all but the address can be changed while it runs, over `/_sim/`.
package struct SimulatorSettings: Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port to listen on; 0 takes a free one.
    package var port = 0
    /// The port to take mail on; 0 takes a free one, nil takes no mail.
    package var mailPort: Int?
    /// What all chance follows from: the same seed and the same calls bring the same fates.
    package var seed: UInt64 = 1
    /// Who may call, and with what.
    package var credentials = SimulatorCredentials.demo
    /// Whether the last four digits of a number script what happens to it (`0000` to `0009`); on by default.
    package var scriptsRecipients = true
    /// Whether the suppliers' published call rates are enforced.
    package var limitsRates = true
    /// How many messages a supplier takes on one day, where that is not what it takes from everybody.
    package var dailyCalls: [SimulatedSupplier: Int] = [:]
    /// How many messages each user of a mini-program has agreed to, of each template.
    package var consents = 1_000
    /// What goes wrong by chance, and how long things take; the same for each supplier.
    package var faults = SimulatorFaults()
    /// Where suppliers post receipts; those of others wait to be pulled, or can only be asked for.
    package var callbacks: [SimulatedSupplier: String] = [:]
    /// How long an answer that is withheld keeps its connection.
    package var withholding = Duration.seconds(60)

    package init() {}
}
