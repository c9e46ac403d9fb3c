"""How strong an emotion word is: a scale of our own, from 1 (mild) to 5 (extreme).

Source of the order. Each family is one petal of Plutchik's wheel, whose three rings are the fixed
points: the outer ring is 1 (annoyance), the middle ring 3 (anger), the inner ring 5 (rage). A word
of another form takes its ring word's level (annoyed, angry, enraged). Every other word was placed
by what its ordinary dictionary sense says in relation to these: "slightly", "a little" or
"somewhat" with a word of the family is one level down, "very" or "strongly" one level up,
"extremely", "overwhelmingly" or "beyond control" is 5; a word with no such remark is 2 where it
names a passing or partial state and 3 where it names the emotion itself. `shame` is no petal; it is
kept apart because sadness would hide it, and runs from shyness to mortification. Words that name
no degree, or belong to several families equally, are left out: a term that is not here is counted
as unknown, never guessed.

The order inside a family is what matters: `softened` and `heightened` only ever compare two words
of one family, and words of one level count as equal.
"""

from ..terms import british

# Family -> five levels, mild first; words of a level are separated by commas.
_SCALE: dict[str, tuple[str, str, str, str, str]] = {
    "anger": (
        "annoyed, annoyance, bothered, miffed, peeved, impatient, impatience, irked, grumpy, "
        "cranky, displeased, put off",
        "irritated, irritation, irritable, frustrated, frustration, aggravated, agitated, cross, "
        "exasperated, exasperation, indignant, indignation, offended, fed up, resentful, "
        "resentment, bitter, bitterness, jealous, jealousy, envious, envy, grouchy, ticked off",
        "angry, anger, angered, mad, pissed, pissed off, hostile, hostility, aggressive, "
        "antagonistic, vengeful, insulted",
        "outraged, outrage, incensed, irate, infuriated, fuming, seething, wrathful, wrath, "
        "hateful, hatred, hate, boiling",
        "furious, fury, enraged, rage, raging, livid, murderous, ballistic",
    ),
    "anticipation": (
        "interested, interest, curious, curiosity, attentive, intrigued",
        "hopeful, hope, expectant, willing, inspired, motivated, looking forward, prepared",
        "anticipation, anticipating, eager, eagerness, keen, determined, enthusiastic, enthusiasm, "
        "impassioned, driven",
        "longing, yearning, craving, passionate, passion, restless, zealous, fervent",
        "vigilance, vigilant, obsessed, obsession, consumed, burning",
    ),
    "disgust": (
        "bored, boredom, uninterested, indifferent, indifference, unimpressed",
        "disapproving, disapproval, distaste, aversion, averse, queasy, cynical, "
        "disdainful, disdain",
        "disgusted, disgust, grossed out, contempt, contemptuous, scornful, scorn, nauseous, "
        "nausea, nauseated, sickened",
        "revolted, revulsion, repulsed, repulsion, repelled, appalled",
        "loathing, abhorrence, detesting, abhorring",
    ),
    "fear": (
        "apprehensive, apprehension, uneasy, unease, hesitant, hesitation, unsure, uncertain, "
        "uncertainty, wary, cautious, doubtful, doubt, concerned, concern, unsettled, timid, "
        "reluctant, tense, tension, suspicious, on edge, insecure, insecurity",
        "nervous, nervousness, worried, worry, anxious, anxiety, stressed, stress, jittery, "
        "troubled, intimidated, distressed, distress, threatened, pressured, vulnerable, "
        "defensive, paranoid, paranoia, disturbed",
        "afraid, fear, fearful, scared, frightened, fright, alarmed, alarm, spooked, shaken, "
        "overwhelmed, trapped, dreading, dread",
        "panicked, panic, panicky, panicking, frantic, desperate, desperation, hysterical, "
        "unnerved",
        "terrified, terror, petrified, horrified, horror, terrorized",
    ),
    "joy": (
        "serene, serenity, content, contentment, calm, relaxed, peaceful, peace, at ease, "
        "comfortable, comforted, satisfied, satisfaction, fine, okay, alright, safe, comfort, "
        "relieved, relief, amused, amusement",
        "glad, gladness, pleased, pleasure, cheerful, cheer, good, optimistic, fulfilled, "
        "lighthearted, merry, playful, lucky, upbeat, fortunate, touched, proud, pride",
        "happy, happiness, joy, joyful, joyous, great, excited, excitement, enjoyment, gleeful, "
        "glee, blessed, jubilant, wonderful, pumped",
        "delighted, delight, thrilled, exhilarated, exhilaration, elated, elation, overjoyed, "
        "exuberant, stoked",
        "ecstatic, ecstasy, euphoric, euphoria, rapturous, blissful, bliss, on top of the world",
    ),
    "sadness": (
        "pensive, pensiveness, wistful, nostalgic, nostalgia, disappointed, disappointment, "
        "discouraged, down, blue, melancholy, melancholic, somber, dissatisfied, dull, gloomy, "
        "gloom, subdued, bummed, let down",
        "unhappy, unhappiness, upset, hurt, lonely, loneliness, alone, isolated, isolation, "
        "homesick, dejected, downcast, disheartened, sorry, regretful, regret, sorrowful, low, "
        "dismayed, dismay, glum, left out",
        "sad, sadness, saddened, sorrow, hopeless, hopelessness, helpless, helplessness, "
        "defeated, demoralized, despondent, dispirited, empty, emptiness, rejected, abandoned, "
        "betrayed, mournful, crushed, tearful, powerless",
        "miserable, misery, depressed, depression, heartbroken, heartbreak, heartache, wretched, "
        "broken, anguished, anguish, worthless, inconsolable, tormented",
        "grief, grieving, grief-stricken, devastated, devastation, despair, despairing, shattered, "
        "destroyed, suicidal, agony",
    ),
    "shame": (
        "shy, shyness, awkward, awkwardness, self-conscious, sheepish, bashful, foolish, silly",
        "embarrassed, embarrassment, flustered, guilty, guilt, inadequate, inadequacy, inferior, "
        "stupid, ridiculous",
        "ashamed, shame, shameful, remorse, remorseful, repentant",
        "humiliated, humiliation, disgraced, disgrace, degraded, self-loathing",
        "mortified, mortification",
    ),
    "surprise": (
        "distracted, distraction, puzzled, puzzlement, perplexed, unprepared",
        "confused, confusion, baffled, bewildered, bewilderment, taken aback, disoriented",
        "surprised, surprise, startled, caught off guard",
        "astonished, astonishment, shocked, shock, stunned, dazed, speechless, disbelief",
        "amazed, amazement, astounded, flabbergasted, dumbfounded, awestruck, awe",
    ),
    "trust": (
        "accepting, acceptance, accepted, tolerant, receptive, appreciated, included",
        "appreciative, appreciation, sympathetic, sympathy, friendly, fond, fondness, supported, "
        "secure, connected, understood, reassured, confident, confidence",
        "trust, trusting, thankful, thankfulness, caring, warm, warmth, compassion, compassionate, "
        "respect, respectful, affection, affectionate, valued, close",
        "grateful, gratefulness, gratitude, indebted, loving, loved, love, devoted, devotion, "
        "impressed, cherished",
        "admiration, admiring, adoring, adoration, adored, reverence, worship, infatuated, "
        "infatuation",
    ),
}


def _read_scale() -> dict[str, tuple[str, int]]:
    return {
        spelt: (family, level)
        for family, levels in _SCALE.items()
        for level, words in enumerate(levels, 1)
        for word in words.split(", ")
        for spelt in (word, british(word))
    }


INTENSITY: dict[str, tuple[str, int]] = _read_scale()
"""Term -> (family, level from 1 to 5)."""
