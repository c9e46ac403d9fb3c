"""Headwords of EmoLex from i to z, each with the words that take its vector."""

TABLE = """\
idiotic: stupidly
ignore: ignored, invisible, unheard, unnoticed, unseen
impatient: antsiness, antsy, impatiently
impress: impressed, impressive
incompetent: incompetency
incredulous: disbelief, disbelieving, incredulity
indifference: blase, blasé, indifferent
indignant: indignantly
indignation: indignities
inferior: incapable
inhibit: inhibited
inhuman: inhumane
insane: insanely
insecure: insecurely, unconfident
insecurity: insecurities
insignificant: unimportance
inspiration: inspiring
inspire: inspires
inspired: inspirational, inspirited
insult: insulted, insults
intense: intensity
interest: engrossed, enthralled, gripped, immersed, interests, riveted
intimate: intimacy
intimidate: intimidated, intimidating
intolerable: intolerably
invigorate: invigorated
irritable: bad-tempered, cantankerous, crotchety, ill-tempered, irascible, irritably,
    short-tempered, snappish, snappy, testy, tetchy
irritating: irritated
isolate: isolating
isolated: cut off, marooned
jealous: covetous, green-eyed, jealously, possessive, possessiveness
jealousy: jealousies
jovial: joviality
joy: joys
joyful: joy-filled, joyfully, joyfulness, joyousness, jubilantly
joyous: joyously
jubilant: jubilance, jubilancy, jubilation
kind: good-hearted, kind-hearted, kinder, kindhearted, softhearted
kindness: kindly
kindred: kinship
lament: lamented
laughing: laughed
lazy: idle, idleness, lazily, laziness, slothful
liking: like, liked
loathe: loathed, loathes
loathing: self-disgust, self-hate, self-hatred, self-loathing
loathsome: loathsomeness
loneliness: aloneness, lonesomeness
lonely: all alone, alone, companionless, friendless, friendlessness, lonelier
longing: longed, nostalgia, nostalgic, nostalgically, pining
loss: losses
lost: lostness
lovable: loveable
love: beloved, love-struck, loves, lovestruck
lovely: loveliness
loving: in love, loved, lovingly
loyal: loyally
loyalty: loyalties
luck: luckiness
lucky: luckily
lust: lusted, lusting
lustful: horny, libidinous, lustfully, turned on
mad: madder, madly, pissed, pissed off
madden: maddened
madness: maddening
malicious: maliciousness
manipulation: gaslighted, gaslit, led on, manipulated
marvel: marveled, marvelled, wonder, wondering, wonderment, wonderstruck
marvelous: marvellous
melancholic: melancholia
melancholy: bittersweet, brood, brooding, doleful, dolefully, pensively, pensiveness, wistful,
    wistfulness
menacing: menaced
merciful: mercifully
merry: jolliness, jolly, merrily, mirthful
misery: miseries
misplaced: out of place, out-of-place
misunderstanding: misunderstood
modest: modestly
moody: moodiness
mortification: mortified, mortify, mortifying
mourn: mourned
mournful: mournfully
mourning: grief-stricken, griefstricken, mournfulness
mysterious: mystified
mystery: mystification
nasty: nastiness
naughty: naughtiness
nausea: queasiness, queasy
nauseous: nauseated
needy: neediness
negative: negativity
neglect: neglects
neglected: neglectful, uncared for
nervous: edginess, edgy, fidgeting, fidgety, high-strung, jittery, jumpy, keyed up, nervously,
    nervy, on edge, on tenterhooks, skittish, strung out, tense, tensed, tensely, twitchy,
    uptight, worked up
nervousness: jitters
neurotic: neuroticism
numb: deadened, desensitised, desensitized, emotionless, numbed, numbing, numbly, unfeeling
nurture: nurtured, nurturing
obnoxious: obnoxiousness
obstinate: headstrong, obstinacy, obstinance, pigheaded, stubborn, stubbornly, stubbornness
offend: offends
offended: affronted
offense: offence
offensive: offensively
oppress: oppressed
oppressive: oppressively
optimism: positive, positively, positivity, upbeat
ordeal: ordeals
outburst: outbursts
outrage: outraged
overjoyed: overjoy
overpower: overpowered
overwhelm: overwhelms
overwhelmed: inundated, overloaded, overwhelmedness, overwhelmingness, snowed under, swamped
overwhelming: overwhelmingly
panic: freak out, hyperventilating, panic-stricken, panic-struck, panicked, panicking, panicky
paralysis: paralysed
paranoia: paranoid
passion: passions
passionate: passionately
pathetic: pathetically
patience: patiently
peace: at peace, peacefulness
peaceful: pacified, peacefully, undisturbed
perplexed: puzzled, puzzling
perplexity: puzzlement
pessimism: negativism, pessimistic, pessimistically
petty: pettiness
pity: pitied, pitiful, pitying, self-pity, self-pitying
playful: cheeky, impish, playfully, playfulness
pleasant: pleasantly
pleased: please
pleasurable: pleasure, pleasures
pointless: pointlessness, purposeless
polite: politely
powerful: powerfulness
powerless: powerlessness
praise: praising
precarious: precariousness
prejudice: prejudices
pressure: pressured, pressurised
pride: prideful, pridefulness
proud: prouder, proudly, proudness, self-satisfied
provocation: provoked
psychosis: psychotic
quiet: quietness
rabid: rabidly
radiant: radiantly
rage: raged, rageful, rages
rash: rashness
rational: rationally
rebel: defying, mutinous, rebellious
reckless: recklessly
refreshing: refreshed, rejuvenating, renewed, rested, well-rested
regret: regretful, regretfully, regretfulness, regrets
reject: rejecting
rejection: spurned
rejoice: rejoiced
rejoicing: exultation
relaxation: laid back, laid-back, relax, relaxed, relaxing
relief: off the hook, relieve, relieved, relieves, unburdened
reluctant: reluctance, reluctantly
remorse: contrite, contrition, guilt-stricken, penitence, penitent, remorseful, repentant,
    rueful, ruefully, sorry
repent: repentance
repulsion: repulsed, repulsive
resent: resented, resenting, resents
resentful: resentfully
resentment: aggrieved, embittered, resentments, umbrage
resigned: acquiescent, resignedly, resignedness, resigning
resilient: resilience
respect: respected, self-respect, self-respecting
respectful: respectfully
revenge: revengeful
reverence: reverent
revulsion: revolted, revulsive
reward: rewarded, rewarding
ridicule: ridiculed
ridiculous: ridiculously
romantic: romantically
ruined: ruining
ruthless: ruthlessness
sadly: sad, sadden, saddened, saddening, sadder, saddest
safe: safely, safer, safety, secure, securely, security, sheltered
salvation: saved
sarcasm: sarcastic
satisfied: satiated, satisfaction, satisfy, satisfying
savage: savagely
scandal: scandalized
scar: scarred
scare: creepy, freaked, freaked out, freaking out, scared, scares, scaring, scary, spooked,
    spooky, weak-kneed
scorn: scorned, scornful
scrutinize: judged, scrutinized
secluded: secluding
selfish: selfishly
sensual: sensually
serene: serenely
serenity: sereneness, tranquilness, zen
seriousness: serious, seriously, solemn, solemnity
shaky: rattled, shaken, shaken up, shook, unnerved
shame: ashamedness, shame-faced, shamed, shames
shameful: shamefaced, shamefully
shattered: falling apart, shattering, torn apart
shiver: shivering
shock: shell-shocked, shellshocked, shocked, shocking, shocks, shook up
shun: shunned
sick: nauseating, sick to my stomach, sickened
silly: silliness
sincere: sincerely
sinful: sinfulness
sluggish: foggy, groggy, slowed down
smug: complacent, gloating, self-righteous, smugly, smugness
sob: sobbing
sobriety: sober, soberly
somber: sombre
soothe: soothed
sorrow: sorrows
sorrowful: sorrowfully
spite: spited
spiteful: spitefully, spitefulness
splendid: glorious, gloriously, splendidly
stagnant: in a rut, stagnated, stagnating, stagnation, stuck
startle: startled
stigma: stigmatized
sting: stung
stingy: miserliness, miserly
strength: strong, stronger
stress: frazzled, overburdened, overstretched, overtaxed, under pressure
struggle: struggled, struggling
stunned: blindsided, dumbstruck, lost for words, speechless, thunderstruck
submit: submissive
successful: successfully
suffer: suffered, suffers
suffocating: claustrophobia, claustrophobic, hemmed in, smothered, stifling, suffocated
suicidal: suicidality
sullen: mope, moped, mopey, moping, morose, moroseness, petulance, petulant, sulk, sulkiness,
    sulking, sulks, sulky, sullenness
sunny: sunniness
supporting: support, supportive, supportiveness
surprise: caught off guard, off guard, startlement, surprisedly, surprises
surprised: taken aback
surrender: capitulation, submission, surrendered
suspicion: suspicions
suspicious: mistrusting, suspiciously, suspiciousness, wariness
sympathetic: sympathetically
sympathy: commiserating, commiseration, sympathise, sympathizing
taunt: taunted
tearful: tearing up, tears
tease: teased
temptation: tempted
tender: tenderhearted, tenderly
tenderness: fuzzy, mushy, warm, warm-hearted, warmly, warmth
terror: petrified, petrify, terrified, terrify, terrifying, terror-stricken
terrorize: terrorized
thankful: thank, thankfully, thankfulness, thanks
thoughtful: thoughtfully
threat: threatened
thrill: thrilled, thrills
thrilling: thrillingly
thriving: thrive
timid: bashful, bashfulness, introverted, meekness, mousy, self-conscious, self-consciousness,
    shy, shyly, shyness, timidly, timidness
tired: drowsy, sleepiness, sleepy, tire, tiring
tolerant: tolerance
tolerate: tolerated
torment: tormented, tormenter, tormenting
torture: tortured
touchy: touchiness
tough: toughened
tranquil: tranquilly
tranquility: tranquillity
traumatic: trauma, traumatised, traumatized
treacherous: treacherousness
trembling: tremble
trepidation: trepidatious
triumph: triumphantly
troublesome: trouble, troubled, troubling
trust: trusted, trustful, trusting, trustingly, trusts
turmoil: turmoils
ugly: uglier
uncertain: hesitantly, not sure, uncertainly, uncertainty, unclear, unsure, unsureness
undecided: ambivalence, ambivalent, in two minds, indecisiveness, irresolute, of two minds, on
    the fence, wavering
understanding: self-understanding, understand, understood
undesirable: unwanted
uneasiness: disquiet, unease
uneasy: ill at ease, ill-at-ease, uneasily, unnerving
unfair: unfairly
unfortunate: unfortunately
unfulfilled: incomplete, unfulfilling
ungrateful: unappreciative, ungratefulness
unhappiness: joylessness
unhappy: unhappier, unhappily
uninspired: demotivated, uninspiring, unmotivated
uninterested: disinterest, unconcerned, uninvolved
unkind: unkindness
unpleasant: unpleasantness
unpopular: unlikable
unreliable: flakey, flakiness, flaky
unrequited: unlovable, unloveable, unloved
unrest: itchy feet, restless, restlessly, unsettledness
unsatisfied: discontentedly, dissatisfied
unsettled: unsettle, unsettling
unsuccessful: unsuccessfully
unwelcome: unwelcomed
unworthy: undeserving, unworthiness
uplift: uplifted, uplifting
upset: upsets, upsetting
urgent: urgently
useless: uselessness
valor: boldly, brave, bravely, braver
valuable: valued
vengeance: out for blood, vengefully, vindictively
vengeful: vengefulness
vicious: viciously, viciousness
victim: exploited, preyed upon, taken advantage of, used, victimised
victimized: victimhood, violated
victorious: victoriously, won
vigilant: hypervigilant, vigilantly
vindictive: vindictiveness
vivacious: vivacity
volatility: volatile
vulnerability: defenceless, vulnerable, vulnerably
wail: wailing
weakness: weak, weaker
weariness: wearied
weary: lethargic, world-weary
weird: weirded out, weirdness
welcomed: belonged, belonging, welcome, welcoming
whimper: whimpering
whine: whining, whiny
wicked: wickedly
willingness: willing
wisdom: insight, insightful, wiser
wise: wisely
woe: woes
worried: worriedly, worrier
worry: angst, angst-ridden, angsty, fretful, fretted, fretting, worries, worrisome, worry-filled
worrying: worryingly
worthless: good for nothing, unvalued, valueless, worthlessness
worthy: worthiness, worthwhile
wrath: wrathful
wreck: wreckage
wretched: wretchedness
wrong: wronged
yearning: craved, yearn, yearned, yearns
zealous: zealously
zest: zestful
"""
