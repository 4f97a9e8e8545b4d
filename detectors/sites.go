package detectors

import (
	"strings"
	"sync"
)

// siteOf is the site of a provider whose credentials are described on no page that is known, as the place to start from; ""
// where the provider is gone or cannot be told.
func siteOf(provider string) string {
	if d, ok := sites()[provider]; ok {
		return "https://" + d + "/"
	}
	return ""
}

// sites are "provider=domain"; a domain that begins with a dot is the provider's name with that ending.
var sites = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, s := range strings.Fields(siteList) {
		p, d, _ := strings.Cut(s, "=")
		if strings.HasPrefix(d, ".") {
			d = p + d
		}
		m[p] = d
	}
	return m
})

const siteList = `
abstract=abstractapi.com abuseipdb=.com abyssale=.com accuweather=developer.accuweather.com adzuna=developer.adzuna.com aeroworkflow=.com agora=.io aha=.io ai21=.com aikido=.dev
aikidoci=aikido.dev airship=.com airvisual=.com akamai=.com alconost=.com alegra=.com aletheia=aletheiaapi.com alienvault=otx.alienvault.com allsports=allsportsapi.com
amadeus=developers.amadeus.com ambee=ambeedata.com apacta=.com api2cart=.com apideck=.com apiflash=.com apifonica=.com apilayer=.com apimatic=.io apimetrics=.io apitemplate=.io appcues=.com
appfollow=.io appointedd=.com appoptics=.com appsynergy=.com apptivo=.com artsy=developers.artsy.net asaas=.com atera=.com audd=.io autodesk=aps.autodesk.com autoklose=.com
autopilot=ortto.com avaza=.com aviationstack=.com axonaut=.com aylien=.com ayrshare=.com bannerbear=.com baseten=.co beebole=.com besnappy=.com besttime=.app betterstack=.com billomat=.com
bitbar=.com bitcoinaverage=.com bitfinex=.com bitmex=.com bitrise=.io bitwarden=.com blazemeter=.com blitapp=.com blocknative=.com blogger=.com bombbomb=.com boostnote=.io borgbase=.com
braintreepayments=.com brandfetch=.com bravesearch=brave.com browshot=.com bscscan=.com buddyns=.com budibase=.com bugherd=.com bugsnag=.com bulbul=jungleworks.com bulksms=.com
buttercms=.com caflou=.com calendarific=.com calorieninjas=.com campayn=.com canadiandigitalservicenotify=notification.canada.ca canny=.io canva=.com capsulecrm=.com captaindata=.co
carboninterface=.com cartesia=.ai cashboard=cashboardapp.com caspio=.com censys=.io centralstationcrm=.net cexio=cex.io chartmogul=.com chatbot=.com chatfuel=.com chec=commercejs.com
checkly=checklyhq.com checkvist=.com cicero=cicerodata.com civo=.com clay=.com clerk=.com clickhelp=.com clicksend=.com cliengo=.com clientary=.com clinchpad=.com clockify=.me
clockworksms=textanywhere.com close=.com cloudconvert=.com cloudelements=cloud-elements.com cloudimage=.io cloudmersive=.com cloudplan=.biz cloudsight=.ai cloverly=.com cloze=.com
clustdoc=.com cockroachdb=cockroachlabs.com coda=.io codemagic=.io codequiry=.com coderabbit=.ai coinapi=.io coinlayer=.com coinlib=.io collect2=.com column=.com commercejs=.com
companyhub=.com configcat=.com conversiontools=.io convert=convertapi.com convertkit=.com convier=.me copper=.com countrylayer=.com coze=.com craftmypdf=.com crowdin=.com cryptocompare=.com
currencycloud=.com currencyfreaks=.com currencylayer=.com currencyscoop=.com currents=currentsapi.services customerguru=customer.guru cypress=.io d7network=d7networks.com dailyco=daily.co
dandelion=.eu dareboost=.com databento=.com databox=.com datastaxastra=datastax.com debounce=.io deepai=.org demio=.com deputy=.com detectify=.com detectlanguage=.com devcycle=.com
deviantart=.com devin=.ai dfuse=.io diggernaut=.com ditto=dittowords.com dnscheck=.co docparser=.com documo=.com docusign=developers.docusign.com dotdigital=.com dovico=.com dronahq=.com
dropboxsign=sign.dropbox.com duo=.com duply=.co dwolla=.com dynalist=.io dyspatch=.io eagleeyenetworks=een.com easyinsight=easy-insight.com ebay=developer.ebay.com ecostruxureit=.com
edamam=developer.edamam.com edenai=.co eightxeight=8x8.com elasticemail=.com enablex=.io enigma=.com envoy=.com etherscan=.io ethplorer=.io everhour=.com exa=.ai
exchangerate=exchangerate-api.com exchangerates=exchangeratesapi.io exoscale=.com exportsdk=.com extractor=extractorapi.com faceplusplus=.com fal=.ai fastforex=.io feedier=.com fetchrss=.com
fibery=.io finage=.co.uk financialmodelingprep=.com findl=.com firecrawl=.dev fixer=.io flat=.io flexport=.com flight=flightapi.io flightlabs=goflightlabs.com float=.com flowlu=.com fmfw=.io
formbucket=.com formcraft=formcrafts.com formio=form.io formsite=.com freshdesk=.com friendli=.ai front=.com fulcrum=fulcrumapp.com fxmarket=fxmarketapi.com geckoboard=.com gengo=.com
geoapify=.com geocode=.xyz geocodify=.com geocodio=geocod.io geoipify=geo.ipify.org getemail=.io getgeo=getgeoapi.com getgist=.com getresponse=.com getsandbox=.com
gitalk=github.com/gitalk/gitalk gitea=about.gitea.com glassnode=.com godaddy=developer.godaddy.com goodday=.work graphcms=.com graphhopper=.com greptile=.com groovehq=.com gtmetrix=.com
guru=getguru.com gyazo=.com happyscribe=.com harvest=harvestapp.com hasura=.io hellosign=sign.dropbox.com helpcrunch=.com highnote=.com hive=.com hiveage=.com holiday=holidayapi.com
holistic=.dev host=.io html2pdf=.app humanity=.com hunter=.io hybiscus=.dev hypertrack=.com iconfinder=.com iexapis=iexcloud.io iexcloud=.io imagga=.com impala=.travel
influxdb=influxdata.com infomaniak=.com insightly=.com instabot=.io instamojo=.com instantly=.ai interseller=.io intrinio=.com invoiceocean=.com ip2location=.io ipapi=.com ipgeolocation=.io
ipinfo=.io ipinfodb=.com ipquality=ipqualityscore.com iterable=.com jina=.ai jupiterone=.io juro=.com kanban=kanbantool.com kanbantool=.com karmacrm=.com keen=.io kimi=platform.moonshot.ai
kling=klingai.com klipfolio=.com knapsackpro=.com kontent=.ai kylas=.io langfuse=.com languagelayer=.com larksuite=.com leadfeeder=.com lemlist=.com lemonsqueezy=.com lendflow=.io
lessannoyingcrm=.com lexigram=.io lichess=.org lightonparadigm=lighton.ai line=developers.line.biz linenotify=notify-bot.line.me linkpreview=.net liveagent=.com livestorm=.co
llamacloud=llamaindex.ai loadmill=.com locationiq=.com loggly=.com loginradius=.com logz=.io loyverse=.com lunchmoney=.app luno=.com m3o=.com madkudu=.com magicbell=.com
magnetic=magnetichq.com mailboxlayer=.com mailerlite=.com mailersend=.com mailmodo=.com mailsac=.com mandrill=mandrillapp.com manifest=.ly mapquest=developer.mapquest.com marketstack=.com
mavenlink=.com meaningcloud=.com mediastack=.com meistertask=.com mem0=.ai mercury=.com mesibo=.com metaapi=.cloud metabase=.com metrilo=.com midtrans=.com mindmeister=.com minimax=.io
miro=.com mite=.de mixmax=.com mixpanel=.com mockaroo=.com moderation=moderationapi.com monkeylearn=.com moonclerk=.com moosend=.com moralis=.io mrticktock=.com mux=.com
myfreshworks=freshworks.com myintervals=.com nasa=api.nasa.gov nasdaqdatalink=data.nasdaq.com neon=.com nethunt=.com netsuite=.com neutrino=neutrinoapi.net newsapi=.org
newscatcher=newscatcherapi.com nexmo=vonage.com nftport=.xyz ngc=.nvidia.com nicereply=.com nightfall=.ai nimble=.com noticeable=.io nozbeteams=nozbe.com numverify=.com nutritionix=.com
oanda=.com omnisend=.com onedesk=.com onelogin=.com onepagecrm=.com onesignal=.com onfido=.com onfleet=.com oopspam=.com opencagedata=.com openuv=.io opsgenie=.com overloop=.com owlbot=.info
packagist=.com paddle=.com pagarme=pagar.me pandadoc=.com pandascore=.co paperform=.co paralleldots=.com parsehub=.com parsers=.dev parseur=.com partnerstack=.com paydirt=paydirtapp.com
paymo=paymoapp.com paymongo=.com pdfshift=.io pendo=.io peopledatalabs=.com pepipost=.com percy=.io pganalyze=.com photoroom=.com phrase=.com picatic=.com pinata=.cloud
pinterest=developers.pinterest.com pipedream=.com pipedrive=.com pivotaltracker=.com pixabay=.com planviewleankit=planview.com planyo=.com plivo=.com podio=.com polar=.sh polls=pollsapi.com
poloniex=.com polygon=.io polymarket=.com portainer=.io positionstack=.com postage=postageapp.com powr=.io privacy=.com prodpad=.com prooffull=useproof.com prospectcrm=prospect365.com
protocols=.io proxycrawl=.com purestake=.com pushbullet=.com pusher=.com pyx=astral.sh qase=.io qualaroo=.com qubole=.com railway=.com rainforestpay=.com raven=raventools.com rawg=.io
reachmail=.net reallysimplesystems=.com rebrandly=.com rechargepayments=rechargeapps.com redhatpyxis=catalog.redhat.com redirectpizza=redirect.pizza refiner=.io rentman=.net repairshopr=.com
reply=.io requestfinance=request.finance restpack=.io retell=retellai.com rev=.com revampcrm=.com ringcentral=.com riot=developer.riotgames.com ritekit=.com roaring=.io
robinhood=docs.robinhood.com rocketreach=.co rockset=.com route4me=.com rownd=.io runpod=.io runrunit=runrun.it saladcloud=salad.com salesblink=.io salescookie=.com salesflare=.com
salesmate=.io samsara=.com sanity=.io satismeter=.com saucelabs=.com scrapeowl=.com scraperbox=.com scrapestack=.com scrapfly=.io scrapingant=.com scrapingbee=.com
screenshot=screenshotapi.net screenshotlayer=.com scrutinizerci=scrutinizer-ci.com securitytrails=.com selectpdf=.com semaphore=.co serphouse=.com serpstack=.com sheety=.co sherpadesk=.com
shipday=.com shortcut=.com shotstack=.io shutterstock=.com signable=.co.uk signalwire=.com signaturit=.com signupgenius=.com sigopt=.com simfin=.com simplesat=.io simplynoted=.com
simvoly=.com sinch=.com sirv=.com siteleaf=.com skrappio=skrapp.io skybiometry=.com smartsheets=smartsheet.com smartystreets=smarty.com smooch=.io snipcart=.com
solarwindsobservability=solarwinds.com sparkpost=.com spectralops=.io speechtext=.ai spoonacular=.com sportsmonk=sportmonks.com statuscake=.com statuspage=.io statuspal=.io stitchdata=.com
stockdata=.org storecove=.com stormboard=.com stormglass=.io storyblok=.com storychief=.io strava=.com streak=.com stripo=.email stytch=.com sugester=.com supernotes=.app
surveyanyplace=.com surveybot=.io surveysparrow=.com survicate=.com swell=.store swiftype=.com tallyfy=.com tatum=.io taxjar=.com teamcity=jetbrains.com/teamcity teamgate=.com
technicalanalysis=technical-analysis-api.com tefter=.io teletype=.app temporalcloud=temporal.io tencent=tencentcloud.com testingbot=.com textmagic=.com theodds=the-odds-api.com
thinkific=.com thousandeyes=.com thunderstore=.io ticketmaster=.com tickettailor=.com tiingo=.com timecamp=.com timezone=timezoneapi.io tines=.com tly=t.ly tmetric=.com todoist=.com
toggltrack=toggl.com tokeet=.com tomorrowio=tomorrow.io tomtom=.com tradier=.com transferwise=wise.com travelpayouts=.com tru=.id twelvedata=.com twist=.com tyntec=.com typetalk=.com
ubidots=.com uclassify=.com unify=.id unkeyroot=unkey.com unplugg=unplu.gg unsplash=.com upcdatabase=.org upcloud=.com uplead=.com uploadcare=.com upstage=.ai upstash=.com uptimerobot=.com
upwave=.io urlscan=.io user=.com userflow=.com userstack=.com vagrantcloud=developer.hashicorp.com/vagrant valtown=val.town vastai=vast.ai vatlayer=.com vbout=.com verifier=.meetchopra.com
verimail=.io veriphone=.io versioneye=.com viewneo=.com virustotal=.com visualcrossing=.com voiceflow=.com voicegain=.ai voodoosms=.com vouchery=.io voyageai=.com vpn=vpnapi.io vyte=.in
walkscore=.com weatherbit=.io web3storage=web3.storage webex=developer.webex.com webflow=.com webscraper=.io webscraping=webscrapingapi.com websitepulse=.com wepay=.com whoxy=.com
wistia=.com wit=.ai wiz=.io woocommerce=.com workato=.com workos=.com worksnaps=.com workstack=.io worldcoinindex=.com worldweather=worldweatheronline.com wpengine=.com wrike=.com
wundergraph=.com xendit=.co youneedabudget=ynab.com yousign=.com zai=z.ai zenkit=.com zenrows=.com zenscrape=.com zenserp=.com zeplin=.dev zerobounce=.net zerotier=.com zhipu=bigmodel.cn
zip=.co zipbooks=.com zipcode=zipcodeapi.com zipcodebase=.com zoho=.com zonkafeedback=.com zulipchat=zulip.com zuploconsumer=zuplo.com
`
