package import Groundwork

extension ArchiveTable {
    /// What travels of the push engine's books beside crowds, accounts and batches, which stores keep each in their
    /// own way.
    package static let books =
        catalogue + suppression + media + campaigns + [tally] + delivery + receipts + comparisons + clicks

    private static let catalogue = [
        ArchiveTable(
            "template",
            key: [.number("id")],
            [.number("status"), .number("latest"), .number("serving")]
        ),
        ArchiveTable(
            "template_version",
            key: [.number("template"), .number("number")],
            [
                .text("name"), .number("channel"), .number("message_type"), .number("template_type"),
                .number("shield"), .text("content"), .number("account"), .text("guarantee"), .number("audit"),
                .text("edited_by"), .number("edited_at"), .text("audited_by"), .text("audit_note"),
                .flag("is_sticky"),
            ]
        ),
        ArchiveTable("discard", key: [.text("kind"), .number("value")], []),
    ]

    /// What suppliers have of the files travels with them: it is theirs, whoever asks.
    private static let media = [
        ArchiveTable(
            "media",
            key: [.number("id")],
            [
                .text("name"), .number("channel"), .number("type"), .text("format"), .text("digest"),
                .number("byte_count"), .number("state"), .text("created_by"), .number("created_at"),
            ]
        ),
        ArchiveTable(
            "media_copy",
            key: [.number("media"), .number("account")],
            [
                .number("turn"), .number("busy_until"), .text("reference"), .number("uploaded_at"),
                .number("expires_at"),
            ]
        ),
    ]

    private static let campaigns = [
        ArchiveTable(
            "campaign",
            key: [.number("id")],
            [
                .text("name"), .number("template"), .text("crowd"), .text("schedule"), .text("created_by"),
                .number("created_at"), .text("state"), .number("job"),
            ]
        ),
        ArchiveTable(
            "campaign_run",
            key: [.number("id")],
            [
                .number("campaign"), .number("planned_at"), .number("template_version"), .text("state"),
                .number("started_at"), .number("read_at"),
            ]
        ),
        ArchiveTable(
            "campaign_shard",
            key: [.number("run"), .number("number")],
            [
                .number("offset"), .number("row"), .number("line"), .number("end_offset"), .flag("is_done"),
                .number("rows_read"),
            ]
        ),
        ArchiveTable("refused", key: [.number("run"), .text("code")], [.number("count")]),
        ArchiveTable(
            "reject",
            key: [.number("run"), .number("row")],
            [.number("line"), .text("field"), .text("code"), .text("text")]
        ),
    ]

    /// An account of 0 is none, and so is an occurrence.
    private static let tally = ArchiveTable(
        "tally",
        key: [.number("day"), .number("template"), .number("run"), .number("account"), .number("state")],
        [.number("count"), .number("charge")]
    )

    private static let delivery = [
        ArchiveTable("biz", key: [.number("id")], [.text("biz_id")]),
        ArchiveTable(
            "call",
            key: [.number("id")],
            [
                .number("batch"), .number("account"), .bytes("members"), .number("called_at"),
                .number("closed_at"), .bytes("answers"),
            ]
        ),
        ArchiveTable(
            "trace",
            key: [.number("id")],
            [
                .number("batch"), .number("call"), .number("at"), .text("stage"), .number("state"),
                .number("account"), .text("detail"), .bytes("members"),
            ]
        ),
        ArchiveTable(
            "shelf",
            key: [.number("id")],
            [.number("batch"), .number("until"), .number("count"), .bytes("members")]
        ),
    ]

    /// The receipts of messages, one each; the key is the message.
    package static let receipt = ArchiveTable(
        "receipt",
        key: [.number("id")],
        [.flag("delivered"), .text("code"), .text("reference"), .number("at"), .number("received_at")]
    )

    private static let receipts = [
        receipt,
        ArchiveTable(
            "stray_receipt",
            key: [.number("id")],
            [
                .number("account"), .text("recipient"), .text("request_key"), .text("reference"),
                .flag("delivered"), .text("code"), .number("at"), .number("received_at"),
            ]
        ),
        ArchiveTable(
            "receipt_page",
            key: [.number("id")],
            [.number("account"), .number("at"), .flag("is_done"), .bytes("raw")]
        ),
        ArchiveTable("confirmation", key: [.number("id")], [.text("reference")]),
    ]

    private static let comparisons = [
        ArchiveTable(
            "reconciliation",
            key: [.number("day"), .number("account")],
            [.text("verdict"), .number("rows"), .number("made_at"), .text("figures")]
        ),
        ArchiveTable(
            "reconciliation_row",
            key: [.number("day"), .number("account"), .number("number")],
            [
                .text("kind"), .number("message"), .text("recipient"), .text("reference"), .number("state"),
                .number("charge"), .number("at"), .text("code"),
            ]
        ),
    ]

    private static let clicks = [
        ArchiveTable(
            "link",
            key: [.text("code")],
            [.text("url"), .number("business_id"), .number("run"), .number("made_at")]
        ),
        ArchiveTable("click", key: [.text("code"), .number("hour")], [.number("count")]),
    ]
}
