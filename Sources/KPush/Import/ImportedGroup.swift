import Scheduler

/// A group of xxl-job together with the definition made of it.
struct ImportedGroup: Hashable, Sendable {
    let theirs: XXLJobGroup
    let definition: GroupDefinition
    /// What the definition does not say of it, in words.
    let findings: [String]

    /// The longest title here.
    private static let titleLimit = 64

    /// The groups of a dump, in the order of their numbers: one for each app name, which several records could have before 3.5.
    static func all(of groups: some Sequence<XXLJobGroup>) -> [ImportedGroup] {
        let sorted = groups.sorted { $0.id < $1.id }
        let byName = Dictionary(grouping: sorted, by: \.appName)
        return sorted.compactMap { group in
            guard let same = byName[group.appName], same.first?.id == group.id else { return nil }
            return ImportedGroup(group, with: same.dropFirst())
        }
    }

    private init(_ group: XXLJobGroup, with others: some Sequence<XXLJobGroup>) {
        theirs = group
        let addresses = ([group] + others).flatMap(\.manualAddresses)
        var sound: [String] = []
        for address in addresses where ExecutorAddress(address) != nil && !sound.contains(address) {
            sound.append(address)
        }
        definition = GroupDefinition(
            name: group.appName,
            title: String(group.title.prefix(Self.titleLimit)),
            addresses: sound
        )
        var findings: [String] = []
        for address in addresses where ExecutorAddress(address) == nil {
            findings.append("\(address) is no http or https URL")
        }
        for other in others {
            findings.append(
                "group \(other.id) '\(other.title)' has the same app name: one group, with the addresses of both"
            )
        }
        if !GroupService.isUsual(group.appName) {
            findings.append(
                "not a name for a new group here: apply it when its jobs are there, or an executor"
            )
        }
        if group.hasToken { findings.append("a token of its own: make one with its record") }
        self.findings = findings
    }
}
