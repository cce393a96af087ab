/// What kind of message a chat shows; raw values are the codes that outsiders hold (`sendType`, a text).
package enum SendType: String, Hashable, Sendable, CaseIterable, Codable {
    case text = "10"
    case voice = "20"
    case video = "30"
    /// A list of articles; DingTalk's feed card.
    case news = "40"
    case textCard = "50"
    case file = "60"
    case miniProgramNotice = "70"
    case markdown = "80"
    case templateCard = "90"
    case image = "100"
    case link = "110"
    /// Feishu's interactive card.
    case actionCard = "120"
    /// DingTalk's form for offices.
    case office = "130"
    /// WeCom's articles that it keeps itself.
    case keptNews = "140"
    /// Feishu's post.
    case richText = "150"
    case shareChat = "160"
}
