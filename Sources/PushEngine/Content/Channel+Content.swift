extension Channel {
    /// How its contents are written: with the fields that templates have for it where people come from.
    package var contentForm: ContentForm {
        switch self {
        case .sms: .text(.plain)
        case .push: .object(Self.pushFields)
        case .email: .object(Self.emailFields)
        case .officialAccount: .object(Self.officialAccountFields)
        case .miniProgram, .alipayMiniProgram: .object(Self.miniProgramFields)
        case .weComApp: .object(Self.weComAppFields)
        case .weComRobot: .object(Self.weComRobotFields)
        case .dingTalkRobot: .object(Self.dingTalkRobotFields)
        case .dingTalkWorkNotice: .object(Self.dingTalkNoticeFields)
        case .feishuRobot: .object(Self.feishuRobotFields)
        case .im: .object(Self.imFields)
        }
    }

    private static let pushFields = [
        ContentField("title", .text, isRequired: true), ContentField("content", .text, isRequired: true),
        ContentField("url", .link), ContentField("data", .nested),
    ]

    private static let emailFields = [
        ContentField("title", .text, isRequired: true), ContentField("content", .html, isRequired: true),
        // What is shown where pages are not.
        ContentField("text", .text),
        // Addresses of attachments, with commas between them.
        ContentField("url"),
    ]

    private static let officialAccountFields = [
        ContentField("templateId", isRequired: true),
        ContentField("officialAccountParam", .nested, isRequired: true), ContentField("url", .link),
        ContentField("miniProgramId"), ContentField("path", .place),
    ]

    private static let miniProgramFields = [
        ContentField("templateId", isRequired: true),
        ContentField("miniProgramParam", .nested, isRequired: true),
        ContentField("page", .place),
    ]

    private static let weComAppFields =
        [
            sendType(
                .text,
                .voice,
                .video,
                .news,
                .textCard,
                .file,
                .miniProgramNotice,
                .markdown,
                .templateCard,
                .image,
                .keptNews
            )
        ] + [
            ContentField("content", .text), ContentField("mediaId"), ContentField("title", .text),
            ContentField("description", .text), ContentField("url", .link), ContentField("btnTxt", .text),
            ContentField("articles", .nested), ContentField("mpNewsArticle", .articles),
            ContentField("appId"),
            ContentField("page", .place), ContentField("emphasisFirstItem"),
            ContentField("contentItems", .nested),
            ContentField("templateCard", .nested),
        ]

    private static let weComRobotFields =
        [sendType(.text, .voice, .news, .file, .markdown, .templateCard, .image)] + [
            ContentField("content", .chat), ContentField("md5"), ContentField("base64"),
            ContentField("mediaId"),
            ContentField("articles", .nested), ContentField("templateCard", .nested),
        ]

    private static let dingTalkRobotFields =
        [sendType(.text, .news, .markdown, .link, .actionCard)] + [
            ContentField("content", .text), ContentField("title", .text), ContentField("btnOrientation"),
            ContentField("btns", .nested), ContentField("url", .link), ContentField("picUrl"),
            ContentField("feedCards", .nested),
        ]

    private static let dingTalkNoticeFields =
        [sendType(.text, .voice, .file, .markdown, .image, .link, .actionCard, .office)] + [
            ContentField("content", .text), ContentField("title", .text), ContentField("btnOrientation"),
            ContentField("btns", .nested), ContentField("url", .link), ContentField("picUrl"),
            ContentField("mediaId"), ContentField("duration"), ContentField("dingDingOaHead", .nested),
            ContentField("dingDingOaBody", .nested),
        ]

    private static let feishuRobotFields =
        [sendType(.text, .image, .actionCard, .richText, .shareChat)] + [
            ContentField("content", .chat), ContentField("title", .text), ContentField("mediaId"),
            ContentField("postContent", .nested), ContentField("card", .nested),
        ]

    private static let imFields = [
        ContentField("title", .text), ContentField("content", .text, isRequired: true),
        ContentField("url", .link), ContentField("data", .nested),
    ]

    /// The kinds of message that a chat shows; without one it is a text.
    private static func sendType(_ types: SendType...) -> ContentField {
        ContentField("sendType", .choice(types.map(\.rawValue)))
    }
}
