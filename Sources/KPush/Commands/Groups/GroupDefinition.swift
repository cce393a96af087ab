import Foundation
import Groundwork
import Scheduler
import Yams

/// A group of executors as a file defines it.
///
///     name: billing
///     title: Billing
///     addresses: [http://10.0.0.5:9999/]
///
/// Without addresses its executors register by themselves.
struct GroupDefinition: Hashable, Sendable, Codable {
    let name: String
    let title: String
    let addresses: [String]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, title, addresses
    }

    init(name: String, title: String, addresses: [String]) {
        self.name = name
        self.title = title
        self.addresses = addresses
    }

    /// Reads one document; only `name` must be there.
    ///
    /// - Throws: `DecodingError` that names a missing, wrong or unknown key.
    init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(known: CodingKeys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        title = try values.decodeIfPresent(String.self, forKey: .title) ?? ""
        addresses = try values.decodeIfPresent([String].self, forKey: .addresses) ?? []
    }

    /// The body that makes or changes the group's record.
    var draft: WireObject {
        [
            "title": .text(title), "registration": .text(addresses.isEmpty ? "automatic" : "manual"),
            "addresses": .list(addresses.map(WireValue.text)),
        ]
    }

    /// Whether the record says so already; an address counts however it is spelt.
    func isTold(by group: GroupAnswer) -> Bool {
        group.title == title && group.addresses == addresses.map { ExecutorAddress($0)?.url ?? $0 }
            && (group.registration == "manual") == !addresses.isEmpty
    }
}

/// YAML files with definitions of groups; several documents make several groups.
enum GroupDefinitionFile {
    /// What the file of an import is called.
    static let name = "groups.yaml"

    /// The groups of all files.
    ///
    /// - Parameter paths: the files; `-` is standard input.
    /// - Returns: the groups, in their order.
    /// - Throws: `CommandError` that names the file, the document and the key at fault.
    static func read(_ paths: [String]) throws(CommandError) -> [GroupDefinition] {
        var groups: [GroupDefinition] = []
        for path in paths {
            for (index, node) in try YAMLFile.documents(path).enumerated() {
                let place = "\(path), document \(index + 1)"
                let group: GroupDefinition
                do {
                    group = try YAMLDecoder().decode(GroupDefinition.self, from: node)
                } catch let error as DecodingError {
                    throw CommandError(.refused, "\(place): \(error.sentence)")
                } catch {
                    throw CommandError(.refused, "\(place): \(error)")
                }
                for address in group.addresses where ExecutorAddress(address) == nil {
                    throw CommandError(
                        .refused,
                        "\(place): addresses: \(address.printable) is no http or https URL"
                    )
                }
                guard !groups.contains(where: { $0.name == group.name }) else {
                    throw CommandError(.refused, "\(place): \(group.name.printable) is defined twice")
                }
                groups.append(group)
            }
        }
        guard !groups.isEmpty else { throw CommandError(.refused, "no group is defined there") }
        return groups
    }

    /// The documents of `groups`.
    ///
    /// - Throws: what the emitter throws.
    static func text(_ groups: [GroupDefinition]) throws -> String {
        try groups.map { try YAMLEncoder().encode($0) }.joined(separator: "---\n")
    }
}
