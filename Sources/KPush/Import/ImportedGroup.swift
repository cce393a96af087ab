import Scheduler

/// A group of xxl-job together with the definition made of it.
struct ImportedGroup: Hashable, Sendable {
    let theirs: XXLJobGroup
    let definition: GroupDefinition
    /// What the definition does not say of it, in words.
    let findings: [String]

    /// The longest title here.
    private static let titleLimit = 64

    init(_ group: XXLJobGroup) {
        theirs = group
        let sound = group.manualAddresses.filter { ExecutorAddress($0) != nil }
        definition = GroupDefinition(
            name: group.appName,
            title: String(group.title.prefix(Self.titleLimit)),
            addresses: sound
        )
        var findings: [String] = []
        for address in group.manualAddresses where ExecutorAddress(address) == nil {
            findings.append("\(address) is no http or https URL")
        }
        if group.hasToken { findings.append("a token of its own: make one with its record") }
        self.findings = findings
    }
}
