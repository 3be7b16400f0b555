"""A post's own page as it was before 2016: XHTML, ASP.NET ids, bare text (Facts 2.2, last item)."""

from html import escape

from crawler.replica.body import body_2013, cover_2013, player, words
from crawler.replica.model import Kind, Picture, Player, Post
from crawler.replica.shell import Column
from crawler.replica.times import day


def _cover(post: Post) -> str:
    if isinstance(post.cover, Picture):
        return cover_2013(post.cover)
    if isinstance(post.cover, Player):
        return f'<div id="mainMediaBig">{player(post.cover)}</div>'
    return '<div id="mainMediaBig"></div>'


def _links(posts: tuple[Post, ...]) -> str:
    return "\n".join(
        f'<div class="first_item boxwidget_part"><h4><a class="" href="{post.path}">{words(post.title)}</a></h4></div>'
        for post in posts
    )


def _head(post: Post) -> str:
    return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html id="html1" xmlns="http://www.w3.org/1999/xhtml" xml:lang="{post.language}" lang="{post.language}"
dir="{post.direction}"><head id="ctl00_ctl00_Head1"><meta http-equiv="Content-Type" content="text/html; charset=UTF-8" /><title>
\t{words(post.title)}
</title>
<script type="text/javascript">
//<![CDATA[
var publicSiteVersion = '_6.10.0.28109.0';
var publicSiteId = 8;
//]]>
</script>
<meta name="keywords" content="{escape(", ".join((post.zone.name, *post.tags)))}" />
<link rel="canonical" href="{post.url}" />
<link type="text/css" rel="stylesheet" href="/css_6.10.0.28109.0/TemplatePage.cssx" />
<link id="ctl00_ctl00_linkRSS" type="application/rss+xml" rel="alternate" href="/rss/" title="RFE/RL - Top Stories
[RSS]" />
</head>
<body dir="{post.direction}">
<form name="aspnetForm" method="post" action="/default.aspx" id="aspnetForm">
<input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="/wEPDwUKMTYyNDgzNTU5NQ9kFgJmD2QWAg==" />
<div class="columns">   <div class="content_column2_1"> <a name="content" id="content"></a>
"""


def _above(post: Post, column: Column) -> str:
    """Section, title, links and cover, and the box beside the text."""
    intro = words(post.intro) if post.intro else ""
    return f"""<div id="article" class="middle_content">
<h2 class="sitetitle">
<a href="/archive/{post.zone.alias}/latest/{post.zone.number}/{post.zone.number}.html"
class="h3link">{words(post.zone.name)}</a>
</h2>
<h1>
{words(post.title)}
</h1>
<div class="article_txt_intro">
{intro}
</div>
<div class="toplinks">
<ul>
<li><a class="printico" target="_blank" title="Print" href="/articleprintview/{post.id}.html">Print</a></li>
<li><a class="commentico" href="{post.path}#relatedInfoContainer">Comment</a></li>
<li id="socialNetwork"><a class="shareico" href="#"><span>Share:</span></a></li>
</ul>
</div>
{_cover(post)}
<div class="articleLeftContainer">
<div class="contentWidget">
<div class="boxwidget "><div class="boxwidgetInner">
<h3 class="boxwidget_part">Related Articles</h3>
{_links((post, *column.latest[:1]))}
</div></div>
</div>
</div>
"""


def _below(column: Column) -> str:
    """What follows the article, and the right column."""
    return f"""<div id="ctl00_ctl00_cpAB_cp1_YouMayLikeHolder">
<div class="boxwidget"><h3 class="boxwidget_part boxwidget_title">You Might Also Like</h3>
{_links(column.latest[1:3])}
</div>
</div>
<div id="ctl00_ctl00_cpAB_cp1_ForumHolder" class="content_forum middle_content">
<div class="boxwidget_part instruction">This forum has been closed.</div></div>
</div>
<div class="content_column1_1">
<div class="boxwidget"><h3 class="boxwidget_title">About This Blog</h3><div>{words(column.about)}</div></div>
<div class="boxwidget"><h3 class="boxwidget_title">Latest Posts</h3>
{_links(column.latest)}
</div>
<div class="boxwidget"><h3 class="boxwidget_title">Journalists In Trouble</h3>
<div>{words(column.trouble)} <a href="/z/5000">More</a></div></div>
</div>
</div>
</form>
</body>
</html>
"""


def page_2013(post: Post, column: Column) -> str:
    """The complete page of a post; the date is a bare day, without hour or offset."""
    byline = ", ".join(author.name for author in post.authors)
    author = f'<font color="#666666">By <span class="">{words(byline)}</span></font>' if byline else ""
    body = f'<div class="zoomMe">{body_2013(post)}</div>' if post.kind is Kind.ARTICLE else ""
    return f"""{_head(post)}{_above(post, column)}<div class="articleContent">
<div class="dateblock">
<div class="textsize"><span class="textsize_label">TEXT SIZE</span> <a href="#" class="txtsizeminus"><span>-</span>
</a> <a href="#" class="txtsizeplus"><span>+</span></a></div>
<div class="author">{author}</div>
<p class="article_date">
{day(post.published)}
</p>
</div>
<div id="ctl00_ctl00_cpAB_cp1_cbcContentBreak">
{body}
</div>
</div>
</div>
{_below(column)}"""
