import Groundwork

extension ArchiveTable {
    /// Who must not get messages, who alone does, and what no message may hold.
    static let suppression = [
        ArchiveTable(
            "suppression",
            key: [.number("id")],
            [
                .number("space"), .number("key"), .text("address"), .number("scope"), .text("value"),
                .number("source"), .text("note"), .text("added_by"), .number("added_at"), .text("removed_by"),
                .number("removed_at"),
            ]
        ),
        ArchiveTable(
            "allowed",
            key: [.number("id")],
            [
                .number("space"), .number("key"), .text("address"), .text("note"), .text("added_by"),
                .number("added_at"),
            ]
        ),
        ArchiveTable(
            "sensitive_word",
            key: [.number("id")],
            [.text("text"), .text("folded"), .text("added_by"), .number("added_at")]
        ),
    ]
}
